"""Findings: what the figures support, in plain words, with the figure and its uncertainty."""

from __future__ import annotations

from tunescope.report.findings.cautions import cautions
from tunescope.report.findings.clusters import cluster_findings
from tunescope.report.findings.finding import Finding
from tunescope.report.findings.geometry import anisotropy_findings, centroid_findings, weight_findings
from tunescope.report.findings.layers import freezing_advice, knowledge_findings, similarity_findings
from tunescope.report.findings.probes import probe_findings
from tunescope.report.findings.scores import score_findings, transfer_advice
from tunescope.report.findings.training import training_findings
from tunescope.studies.comparison import Comparison

__all__ = ["Finding", "findings"]

_RULES = (
    score_findings,
    similarity_findings,
    knowledge_findings,
    probe_findings,
    weight_findings,
    anisotropy_findings,
    centroid_findings,
    cluster_findings,
    training_findings,
    freezing_advice,
    transfer_advice,
    cautions,
)


def findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return what the comparison supports: results first, then advice, then cautions.

    A rule whose figures are missing or not defined says nothing, so an empty comparison has cautions at most.
    """
    return tuple(finding for rule in _RULES for finding in rule(comparison))
