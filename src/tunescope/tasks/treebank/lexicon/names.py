"""Proper names; many are common words in other sentences."""

from __future__ import annotations

__all__ = ["FIXED_NAMES", "NAMES"]

NAMES = {
    "first_name": """Rose Mark Will Grace May Bill Hope Summer Anna Peter Frank Jack Sue Rob Pat Drew Art Faith
        Joy Dean Grant Miles Chase Hunter Daisy Ivy Olive Ruby Pearl Amber Dawn April June Robin Crystal Penny
        Chuck Rich Guy Gene Nick Ray Dale Cliff Maria David Laura Omar Nina Carlos Helen Tom Kate Leo Emma
        Hannah Lucas Sofia Violet Heather Ginger Carol Bob Don Skip Norm Sandy Melody Harmony Victor Earnest
        Iris Jasmine Buck Wade Pierce Rusty Christian Bishop Reed Brook""",
    "surname": """Baker Cook Fisher Young Long Brown White Green Rice Wood Banks Stone Fields Hill Lake Rivers
        Smith Miller Taylor Hunt Price Park Page Bell Walker Carter Mason Potter Sharp Short Swift Cross Marsh
        Garcia Novak Lopez Berg Kim Silva Rossi Meyer Hayes Parker Turner Weaver Shepherd Bush Fox Wolf Bird
        Crane Little Strong Power Waters Flowers Snow Winter Frost Storm Summers Gold Moss Reeves Butler Chandler""",
    "city": """Boston Paris London Reading Nice Bath Cork Split Mobile Orange Berlin Madrid Rome Chicago Lima
        Cairo Oslo Vienna Toronto Denver Seattle Prague Dublin Phoenix Orlando Buffalo Portland Rugby Deal
        Sandwich Ware Hull Stone Bend Buckeye Flint Anchorage Beaver Aurora Independence Liberty Hope Mercy
        Surprise Gary Essen""",
    "country": """France China Turkey Canada Japan Brazil Chad Egypt Norway Chile Jordan Kenya Poland Mexico
        Georgia Greece Peru Mali Guinea Hungary Wales Spain""",
    "org_name": """Summit Pioneer Sunrise Liberty Harbor Union Star Eagle Phoenix Anchor Crown Orchard Beacon
        Pacific Frontier Sterling Compass Rocket Delta""",
    "acronym": """NATO FBI UFO DNA GPS ATM CEO PDF LED USB NASA UNESCO FIFA RSVP HTML BBC SUV IQ FAQ DIY MRI VIP
        PIN RAM OPEC MIT IOC EU""",
}
"""Classes of names."""

FIXED_NAMES = {
    "weekday": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "month": "January February March April May June July August September October November December",
}
"""Names that no split keeps back."""
