"""What each measure means: its name for people, unit, range and direction, and where it comes from."""

from __future__ import annotations

from tunescope._core.records import Record

__all__ = ["MEASURES", "MeasureDescription"]


class MeasureDescription(Record):
    """How to read a measure.

    Attributes:
        key: The name that results carry, such as ``"rsa"``.
        title: The name for people.
        higher_means: What a higher figure says, as the end of "higher means …".
        low: Smallest possible figure; ``None`` where there is no bound.
        high: Largest possible figure; ``None`` where there is no bound.
        percent: Whether people read it in per cent.
        source: Where the measure comes from.
    """

    key: str
    title: str
    higher_means: str
    low: float | None
    high: float | None
    percent: bool = False
    source: str


_DESCRIPTIONS = (
    MeasureDescription(
        key="rsa",
        title="RSA",
        higher_means="the targets stand to each other more as they did before",
        low=-1,
        high=1,
        source="Kriegeskorte et al. 2008; Merchant et al. 2020",
    ),
    MeasureDescription(
        key="cka",
        title="Debiased linear CKA",
        higher_means="the two representations are more alike up to rotation and scale",
        low=None,
        high=1,
        source="Kornblith et al. 2019; debiased after Song et al. 2012",
    ),
    MeasureDescription(
        key="procrustes_distance",
        title="Procrustes distance",
        higher_means="less alike after the best rotation",
        low=0,
        high=2,
        source="Ding, Denain and Steinhardt 2021",
    ),
    MeasureDescription(
        key="neighbourhood_overlap",
        title="Neighbourhood overlap",
        higher_means="more of each target's nearest neighbours stayed the same",
        low=0,
        high=1,
        source="Jaccard index of the k nearest neighbours by cosine",
    ),
    MeasureDescription(
        key="centroid_shift",
        title="Centroid shift",
        higher_means="the label's centroid moved further, in units of the label's spread before",
        low=0,
        high=None,
        source="Zhou and Srikumar 2022",
    ),
    MeasureDescription(
        key="mean_cosine",
        title="Mean cosine (anisotropy)",
        higher_means="vectors crowd into a narrower cone",
        low=-1,
        high=1,
        source="Ethayarajh 2019",
    ),
    MeasureDescription(
        key="weight_change",
        title="Relative weight change",
        higher_means="the weights moved further, relative to their size",
        low=0,
        high=None,
        source="Frobenius norm of the update over that of the weights",
    ),
    *(
        MeasureDescription(
            key=f"{origin}_{metric}",
            title=f"{name} {title}",
            higher_means="better",
            low=low,
            high=1,
            percent=metric in ("accuracy", "macro_f1"),
            source=source,
        )
        for origin, name, source in (
            ("probe", "Linear probe:", "logistic or ridge regression on frozen vectors"),
            ("head", "Own head:", "the fine-tuned model's own predictions"),
            ("majority", "Majority class:", "always the most frequent training class, or the mean"),
        )
        for metric, title, low in (
            ("accuracy", "accuracy", 0),
            ("macro_f1", "macro-F1", 0),
            ("mcc", "Matthews correlation", -1),
            ("pearson", "Pearson correlation", -1),
            ("spearman", "Spearman correlation", -1),
        )
    ),
)

MEASURES = {description.key: description for description in _DESCRIPTIONS}
"""The measures by key."""
