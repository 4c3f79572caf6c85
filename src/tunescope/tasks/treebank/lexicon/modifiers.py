"""Adjectives and adverbs by what they modify."""

from __future__ import annotations

__all__ = ["MODIFIERS", "OPPOSITES"]

MODIFIERS = {
    "adj_occupation": """young old tall famous honest patient kind clever retired friendly tired careful famous
        polite brave local native stern professional wise calm nervous cheerful lonely humble strict
        experienced elderly fast blunt frank rich shy""",
    "adj_relative": """young old tall kind clever favorite dear close busy late stubborn generous""",
    "adj_group": """local private national public small new independent international rival
        professional official""",
    "adj_animal": """small brown hungry old sleepy wild noisy lazy lame gentle stray playful tame young""",
    "adj_dish": """fresh hot cold spicy delicious sweet large simple tasty sour light rich plain
        warm frozen dry crisp""",
    "adj_mass_food": """fresh hot cold sweet warm cheap bitter dry good rich local plain""",
    "adj_vehicle": """old new fast slow red blue cheap expensive broken rusty green small heavy
        electric noisy empty light early late""",
    "adj_building": """old new large small empty modern famous crowded quiet clean beautiful abandoned public
        local tall dark wooden open popular pretty""",
    "adj_room": "small dark clean warm cold empty quiet narrow light",
    "adj_outdoors": """quiet narrow wide beautiful crowded dark long steep dry muddy nearby open cold
        frozen public deserted""",
    "adj_surface": "low wooden dusty clean wet narrow wide empty",
    "adj_container": "large small wooden empty heavy green light open square sealed",
    "adj_thing": """old new cheap expensive broken beautiful heavy light antique golden red blue valuable
        damaged missing rare plain tiny square round""",
    "adj_document": """long short new secret final early recent famous interesting boring difficult hard
        detailed official original anonymous brief blunt""",
    "adj_event": """long short annual exciting boring early late public big local recent final quiet
        private noisy outdoor open important""",
    "adj_incident": "recent serious sudden long violent bad tragic major minor",
    "adj_plan": """new early bold controversial simple difficult expensive final reasonable secret
        recent unpopular radical clear modest vague""",
    "adj_feeling": "deep growing strong real sudden great secret lasting",
    "adj_topic": "modern local public ancient international",
    "state_person": """tired happy hungry angry ready late early busy nervous calm proud sick sad afraid
        well certain glad lost excited surprised worried bored""",
    "state_thing": "broken dirty clean wet dry safe empty cheap expensive ready heavy light open",
    "comparable_person": "tall old young fast strong smart rich kind quiet loud brave thin calm",
    "comparable_thing": "cheap old new long short big small heavy light fast slow clean safe hard strange",
    "judgement": "hard easy dangerous important difficult expensive safe possible fun useful illegal cheap wise",
    "manner": """quickly slowly quietly carefully hard fast late early well loudly happily gently nervously
        badly together alone politely patiently calmly secretly eagerly""",
    "speaker_adverb": """fortunately sadly clearly surprisingly luckily apparently perhaps obviously
        certainly eventually finally suddenly""",
    "aspect_adverb": "often never always rarely usually still also just finally recently quickly only",
    "intensifier": "very quite rather too so really pretty extremely fairly unusually surprisingly terribly",
    "gradable": """young old tall famous honest patient kind clever tired careful polite brave calm nervous
        cheerful lonely humble strict rich shy close busy late generous small new hungry sleepy wild noisy lazy
        gentle fresh hot cold spicy sweet large simple tasty sour light plain cheap bitter dry fast slow
        expensive heavy modern crowded quiet clean beautiful dark popular narrow wide long steep muddy valuable
        rare tiny short early recent interesting boring difficult hard brief big exciting important serious
        sudden bad bold controversial reasonable unpopular radical modest vague strong great pretty""",
    "human_adjective": "rich poor young old brave sick elderly strong wise innocent faithful lonely",
    "rate_adverb": "sharply slightly slowly rapidly steadily fast further again suddenly",
}
"""Classes of adjectives (``adj_``, ``state_``, ``comparable_``, ``judgement``) and of adverbs."""

_PAIRS = """long-short early-late old-new young-old hot-cold big-small large-small cheap-expensive clean-dirty
    wet-dry light-dark light-heavy fast-slow quiet-noisy public-private sweet-sour modern-old empty-crowded
    wide-narrow warm-cold minor-major local-national recent-early big-large small-tiny small-tall narrow-wide tiny-tall
    solid-flimsy recent-new famous-secret
    new-antique big-tiny large-tiny public-secret fresh-frozen dry-muddy open-abandoned popular-abandoned"""

OPPOSITES = frozenset(frozenset(pair.split("-")) for pair in _PAIRS.split())
"""Adjectives that do not describe one thing together."""
