"""The report of a study: claims with their verdicts, tables, and figures, in one page with the files beside it."""

from tunescope.report.study.write import write_study_report

__all__ = ["write_study_report"]
