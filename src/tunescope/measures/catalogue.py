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
        key="clusters",
        title="Clusters of the labels",
        higher_means="more hyperplanes are needed to tell the labels apart; at the number of labels, one cluster each",
        low=1,
        high=None,
        source="DirectProbe, Zhou and Srikumar 2021; exact",
    ),
    MeasureDescription(
        key="clusters_shuffled",
        title="Clusters of shuffled labels",
        higher_means="separable labels say more; as few as with the true labels, and they say nothing",
        low=1,
        high=None,
        source="the same vectors with their labels in random order",
    ),
    MeasureDescription(
        key="fragile_decisions",
        title="Fragile decisions",
        higher_means="more of the decisions behind the clusters could be turned by rounding the vectors to float32",
        low=0,
        high=None,
        source="certified: narrower than 6e-8 of the largest vector",
    ),
    MeasureDescription(
        key="shared_vectors",
        title="Examples with a vector of two labels",
        higher_means="more examples that no classifier of the vectors can get right together",
        low=0,
        high=None,
        source="equal vectors with different labels; each is a cluster of its own",
    ),
    MeasureDescription(
        key="vacuous_pairs",
        title="Label pairs separable under any labelling",
        higher_means="less can be learnt from separable labels",
        low=0,
        high=1,
        percent=True,
        source="at most hidden size + 1 examples together",
    ),
    MeasureDescription(
        key="pairs_below_threshold",
        title="Label pairs below Cover's threshold",
        higher_means="less can be learnt from separable labels",
        low=0,
        high=1,
        percent=True,
        source="Cover 1965: at most twice as many, where a random labelling is separable as often as not",
    ),
    MeasureDescription(
        key="minimum_distance",
        title="Minimum distance of a label",
        higher_means="the label lies further from its nearest other label, in the unit of the vectors",
        low=0,
        high=None,
        source="Zhou and Srikumar 2022; exact distance of convex hulls",
    ),
    MeasureDescription(
        key="label_distance",
        title="Distance of two labels",
        higher_means="the nearest clusters of the two labels lie further apart, in the unit of the vectors",
        low=0,
        high=None,
        source="Zhou and Srikumar 2021; exact distance of convex hulls",
    ),
    MeasureDescription(
        key="spatial_similarity",
        title="Spatial similarity",
        higher_means="the labels lie to each other more as they did before",
        low=-1,
        high=1,
        source="Zhou and Srikumar 2022; Pearson correlation of label distances",
    ),
    MeasureDescription(
        key="train_test_similarity",
        title="Train–test similarity",
        higher_means="the labels of test lie to each other more as those of train do",
        low=-1,
        high=1,
        source="Zhou and Srikumar 2022; Pearson correlation of label distances",
    ),
    MeasureDescription(
        key="train_test_similarity_large",
        title="Train–test similarity of labels with more than five examples",
        higher_means="the labels of test lie to each other more as those of train do",
        low=-1,
        high=1,
        source="Zhou and Srikumar 2022; without the labels whose hulls rest on a few points",
    ),
    *(
        MeasureDescription(
            key=f"centroid_{part}_share",
            title=f"Share of the centroids' movement: {name}",
            higher_means=f"more of the way that the label centroids went is {name}",
            low=0,
            high=1,
            percent=True,
            source="orthogonal Procrustes with scale on the centroids, Schönemann and Carroll 1970",
        )
        for part, name in (("rotation", "rotation"), ("scaling", "scaling"), ("remaining", "neither"))
    ),
    MeasureDescription(
        key="centroid_directions",
        title="Directions in which the centroids moved",
        higher_means="the labels went more different ways",
        low=1,
        high=None,
        source="participation ratio of the difference vectors; Zhou and Srikumar 2022 show their PCA",
    ),
    MeasureDescription(
        key="perceptron_accuracy",
        title="Perceptron probe: accuracy",
        higher_means="better",
        low=0,
        high=1,
        percent=True,
        source="two hidden layers, Zhou and Srikumar 2022",
    ),
    MeasureDescription(
        key="perceptron_accuracy_sd",
        title="Perceptron probe: standard deviation over seeds",
        higher_means="the accuracy depends more on the seed of the probe",
        low=0,
        high=None,
        percent=True,
        source="over refits of the chosen configuration",
    ),
    MeasureDescription(
        key="control_accuracy",
        title="Control task: accuracy",
        higher_means="the probe can learn more labels by heart",
        low=0,
        high=1,
        percent=True,
        source="Hewitt and Liang 2019",
    ),
    MeasureDescription(
        key="selectivity",
        title="Selectivity",
        higher_means="the accuracy owes less to the probe's memory; it is that on the task minus that on the control",
        low=-1,
        high=1,
        percent=True,
        source="Hewitt and Liang 2019",
    ),
    MeasureDescription(
        key="random_vectors_accuracy",
        title="Random vectors",
        higher_means="knowing the words alone gives more of the labels away",
        low=0,
        high=1,
        percent=True,
        source="the perceptron on a random vector for each word",
    ),
    *(
        MeasureDescription(
            key=f"{prefix}compression",
            title=title,
            higher_means="the labels take fewer bits for someone who has the vectors",
            low=0,
            high=None,
            source="uniform over online codelength, Voita and Titov 2020",
        )
        for prefix, title in (("", "Compression"), ("control_", "Control task: compression"))
    ),
    *(
        MeasureDescription(
            key=f"edge_f1{suffix}",
            title=f"Edge probe: micro-F1{title}",
            higher_means="better",
            low=0,
            high=1,
            percent=True,
            source="Tenney et al. 2019",
        )
        for suffix, title in (("", ""), ("_cumulative", " of layers 0 to l"))
    ),
    MeasureDescription(
        key="mix_weight",
        title="Edge probe: weight of the layer",
        higher_means="the mix of all layers takes more from this one",
        low=0,
        high=1,
        source="scalar mix, Tenney et al. 2019",
    ),
    MeasureDescription(
        key="centre_of_gravity",
        title="Centre of gravity of the mix",
        higher_means="the mix takes from higher layers",
        low=0,
        high=None,
        source="Tenney, Das and Pavlick 2019",
    ),
    MeasureDescription(
        key="expected_layer",
        title="Expected layer",
        higher_means="it takes more layers to solve the task",
        low=None,
        high=None,
        source="Tenney, Das and Pavlick 2019",
    ),
    *(
        MeasureDescription(
            key=f"{measure}{suffix}",
            title=f"{title}{name}",
            higher_means="better",
            low=low,
            high=1,
            percent=low == 0,
            source="Hewitt and Manning 2019",
        )
        for measure, title, low in (
            ("uuas", "UUAS", 0),
            ("dspr", "DSpr", -1),
            ("nspr", "NSpr", -1),
            ("root_accuracy", "Root accuracy", 0),
        )
        for suffix, name in (
            ("", ""),
            ("_linear_chain", " of the linear chain"),
            ("_random_tree", " of a random tree"),
        )
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
