"""The report: a comparison becomes typed information, figures, tables, findings in words, and one page."""

from tunescope.report.write import write_report

__all__ = ["write_report"]
