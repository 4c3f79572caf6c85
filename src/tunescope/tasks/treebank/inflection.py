"""Forms of English nouns, verbs and adjectives."""

from __future__ import annotations

from functools import cache

__all__ = ["comparative", "gerund", "participle", "past", "plural", "superlative", "third_person"]

_VOWELS = "aeiou"

_PLURALS = {
    "wife": "wives", "knife": "knives", "shelf": "shelves", "wolf": "wolves", "sheep": "sheep", "mouse": "mice",
    "child": "children", "man": "men", "woman": "women", "trout": "trout", "goose": "geese", "potato": "potatoes",
    "tomato": "tomatoes", "dish": "dishes", "piano": "pianos", "studio": "studios", "loaf": "loaves",
    "person": "people",     "roof": "roofs", "bus": "buses",
}  # fmt: skip

# the past tense and the past participle
_IRREGULAR = {
    "be": ("was", "been"), "have": ("had", "had"), "do": ("did", "done"), "eat": ("ate", "eaten"),
    "drive": ("drove", "driven"), "sell": ("sold", "sold"), "buy": ("bought", "bought"), "leave": ("left", "left"),
    "read": ("read", "read"), "write": ("wrote", "written"), "meet": ("met", "met"), "find": ("found", "found"),
    "lose": ("lost", "lost"), "hide": ("hid", "hidden"), "keep": ("kept", "kept"), "run": ("ran", "run"),
    "ride": ("rode", "ridden"), "fly": ("flew", "flown"), "sleep": ("slept", "slept"), "sing": ("sang", "sung"),
    "swim": ("swam", "swum"), "rise": ("rose", "risen"), "fall": ("fell", "fallen"), "grow": ("grew", "grown"),
    "say": ("said", "said"), "think": ("thought", "thought"), "know": ("knew", "known"), "feel": ("felt", "felt"),
    "understand": ("understood", "understood"), "begin": ("began", "begun"), "give": ("gave", "given"),
    "send": ("sent", "sent"), "show": ("showed", "shown"), "lend": ("lent", "lent"), "bring": ("brought", "brought"),
    "throw": ("threw", "thrown"), "become": ("became", "become"), "speak": ("spoke", "spoken"), "cut": ("cut", "cut"),
    "steal": ("stole", "stolen"), "break": ("broke", "broken"), "feed": ("fed", "fed"), "hear": ("heard", "heard"),
    "drink": ("drank", "drunk"), "take": ("took", "taken"), "put": ("put", "put"), "set": ("set", "set"),
    "wind": ("wound", "wound"), "speed": ("sped", "sped"), "draw": ("drew", "drawn"), "tear": ("tore", "torn"),
    "let": ("let", "let"), "wake": ("woke", "woken"), "go": ("went", "gone"), "make": ("made", "made"),
    "come": ("came", "come"), "see": ("saw", "seen"), "get": ("got", "gotten"), "freeze": ("froze", "frozen"),
    "shrink": ("shrank", "shrunk"), "slide": ("slid", "slid"), "swing": ("swung", "swung"), "spend": ("spent", "spent"),
    "spread": ("spread", "spread"), "hold": ("held", "held"), "tell": ("told", "told"), "lead": ("led", "led"),
    "light": ("lit", "lit"), "stand": ("stood", "stood"), "pay": ("paid", "paid"), "win": ("won", "won"),
    "sit": ("sat", "sat"), "lie": ("lay", "lain"), "build": ("built", "built"), "teach": ("taught", "taught"),
    "catch": ("caught", "caught"), "hurt": ("hurt", "hurt"), "cost": ("cost", "cost"), "stick": ("stuck", "stuck"),
    "fight": ("fought", "fought"), "hit": ("hit", "hit"), "forget": ("forgot", "forgotten"),
    "upset": ("upset", "upset"),    "beat": ("beat", "beaten"),
}  # fmt: skip

_THIRD = {"be": "is", "have": "has", "do": "does", "go": "goes"}
_DOUBLING_VERBS = """stop drop wrap plan jog chat hug stir chop begin run swim cut put set let get sit win tap rob
    ship pet skip nap ban bid regret forget slip upset admit jam snap fit trip spin whip peg ram blot grab bag hit"""
_DOUBLING = frozenset(_DOUBLING_VERBS.split())
_COMPARATIVES = {"good": ("better", "best"), "bad": ("worse", "worst"), "well": ("better", "best")}
_DOUBLED_ADJECTIVES = frozenset(["big", "thin", "hot", "fat", "sad", "wet", "red"])


@cache
def plural(noun: str) -> str:
    """Return the plural of a noun.

    >>> plural("party"), plural("church"), plural("wolf")
    ('parties', 'churches', 'wolves')
    """
    return _PLURALS.get(noun) or _with_s(noun)


@cache
def third_person(verb: str) -> str:
    """Return the present tense that goes with ``she``.

    >>> third_person("carry")
    'carries'
    """
    return _THIRD.get(verb) or _with_s(verb)


@cache
def past(verb: str) -> str:
    """Return the past tense; of ``be`` the singular.

    >>> past("plan"), past("rise")
    ('planned', 'rose')
    """
    return _IRREGULAR[verb][0] if verb in _IRREGULAR else _with_ed(verb)


@cache
def participle(verb: str) -> str:
    """Return the past participle.

    >>> participle("write")
    'written'
    """
    return _IRREGULAR[verb][1] if verb in _IRREGULAR else _with_ed(verb)


@cache
def gerund(verb: str) -> str:
    """Return the form in ``-ing``.

    >>> gerund("bake"), gerund("lie"), gerund("plan")
    ('baking', 'lying', 'planning')
    """
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and verb != "be":
        return verb[:-1] + "ing"
    return (verb + verb[-1] if verb in _DOUBLING else verb) + "ing"


@cache
def comparative(adjective: str) -> str:
    """Return the comparative of a short adjective.

    >>> comparative("heavy"), comparative("big")
    ('heavier', 'bigger')
    """
    return _COMPARATIVES[adjective][0] if adjective in _COMPARATIVES else _graded(adjective, "er")


@cache
def superlative(adjective: str) -> str:
    """Return the superlative of a short adjective.

    >>> superlative("safe")
    'safest'
    """
    return _COMPARATIVES[adjective][1] if adjective in _COMPARATIVES else _graded(adjective, "est")


def _with_s(word: str) -> str:
    if word.endswith("y") and word[-2] not in _VOWELS:
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")


def _with_ed(verb: str) -> str:
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return verb[:-1] + "ied"
    return (verb + verb[-1] if verb in _DOUBLING else verb) + "ed"


def _graded(adjective: str, ending: str) -> str:
    if adjective.endswith("e"):
        return adjective + ending[1:]
    if adjective.endswith("y"):
        return adjective[:-1] + "i" + ending
    return (adjective + adjective[-1] if adjective in _DOUBLED_ADJECTIVES else adjective) + ending
