"""Words of the second domain: informal reviews and instructions."""

from __future__ import annotations

__all__ = ["REVIEW_WORDS"]

REVIEW_WORDS = {
    "gadget": """phone laptop tablet blender printer charger headset keyboard vacuum drone router mixer heater
        speaker monitor stroller mattress backpack tent watch fan iron dryer microwave fryer projector""",
    "gadget_part": """battery screen button cable lid handle strap zipper filter lens motor manual case plug
        display hinge pad light switch stand""",
    "venue": """place hotel diner spa salon bar cafe restaurant resort gym bakery pub motel hostel shop
        pizzeria buffet lounge""",
    "venue_part": """food service staff room pool breakfast view parking decor menu bathroom coffee lobby
        atmosphere music wifi patio bed""",
    "venue_person": "waitress manager receptionist bartender owner hostess stylist cashier chef server",
    "ingredient": """sauce dough batter butter onion garlic mushroom noodle shrimp zucchini ginger cream broth
        mixture filling pastry lentil spinach tofu salsa glaze yeast""",
    "cookware": "pot skillet bowl oven tray saucepan wok blender dish",
    "adj_gadget": """sturdy flimsy bulky sleek cheap lightweight noisy faulty overpriced handy durable
        wireless compact awesome useless pricey decent solid fast light""",
    "adj_venue": """cozy filthy amazing awful overpriced charming tiny gorgeous mediocre lovely disappointing
        noisy clean rude terrible fantastic dull wonderful outstanding bland soggy stale""",
    "adj_venue_person": "rude friendly helpful sweet awesome clueless attentive grumpy pleasant",
    "adj_ingredient": "sticky thick smooth golden creamy runny tender brown soft lumpy",
    "v_gadget": "love hate return buy recommend use unplug charge own regret replace test order",
    "v_cook": """stir chop slice whisk melt simmer boil fold drain knead peel season fry heat cool pour spread
        blend chill grate""",
    "v_fail": "die break crack overheat freeze leak wobble squeak snap jam crash stop",
    "v_setup": "unplug press charge attach tighten remove clean hold wipe reset insert lift",
    "interjection": "well oh wow yes no hey ugh okay yeah gosh yikes",
}
"""Classes of words that only reviews and instructions use."""
