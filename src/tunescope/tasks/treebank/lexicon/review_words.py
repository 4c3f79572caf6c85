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
    "ingredient_soft": "sauce batter broth mixture filling salsa glaze cream butter custard syrup gravy caramel",
    "ingredient_solid": """onion garlic mushroom zucchini ginger tofu spinach carrot celery shrimp eggplant cabbage
        squash lemon mango""",
    "cookware": "pot skillet bowl oven tray saucepan wok blender dish",
    "adj_gadget": """sturdy flimsy bulky sleek cheap lightweight noisy faulty overpriced handy durable
        wireless compact awesome useless pricey decent solid fast light""",
    "adj_venue": """cozy filthy amazing awful overpriced charming tiny gorgeous mediocre lovely disappointing
        noisy clean rude terrible fantastic dull wonderful outstanding bland soggy stale""",
    "adj_part": "amazing awful mediocre lovely disappointing terrible fantastic wonderful outstanding dull great fine",
    "adj_venue_person": "rude friendly helpful sweet awesome clueless attentive grumpy pleasant",
    "adj_ingredient": "sticky thick smooth golden creamy runny tender brown soft lumpy",
    "v_gadget": "love hate return buy recommend use unplug charge own regret replace test order",
    "v_cook_soft": "stir whisk melt simmer boil heat cool pour spread blend chill warm strain",
    "v_cook_solid": "chop slice peel season fry grate drain dice steam roast mince trim rinse",
    "v_fail": "die break crack overheat freeze leak wobble squeak snap jam crash stop",
    "v_setup": "press charge attach tighten remove clean hold wipe reset insert lift check",
    "v_handle": "unplug charge clean reset test open wash fix set store",
    "interjection": "well oh wow yes no hey ugh okay yeah gosh yikes",
}
"""Classes of words that only reviews and instructions use."""
