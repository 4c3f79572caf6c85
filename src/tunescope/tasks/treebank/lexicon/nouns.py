"""Nouns by what they name; singular forms."""

from __future__ import annotations

__all__ = ["NOUNS"]

NOUNS = {
    "occupation": """teacher doctor nurse farmer lawyer baker painter singer driver reporter student cook guide
        judge guard coach host pilot captain sailor tailor plumber waiter writer dancer editor engineer chef clerk
        officer gardener butcher tourist patient professional official mechanic architect scientist librarian
        mayor carpenter barber actor poet researcher visitor neighbor cashier surgeon dentist janitor ranger
        inspector journalist manager musician witness scout porter marine cleaner winner critic novelist
        electrician firefighter soldier""",
    "relative": """sister brother mother father aunt uncle cousin daughter son friend partner colleague boss
        roommate wife husband niece nephew grandmother grandfather neighbor teammate twin""",
    "group": """team committee council company school government family club band crew union court board
        orchestra agency ministry parliament bank hospital museum university firm charity newspaper network""",
    "animal": """dog cat horse cow duck sheep bird rabbit fox bear goat pony swallow hawk fly mole seal crane
        hound kitten puppy hen goose wolf squirrel turtle""",
    "dish": """pie soup salad sandwich steak stew curry omelet pizza burger roast cake pancake noodle sausage
        lobster potato pumpkin dumpling waffle muffin egg onion tomato turkey chicken trout toast shake roll bake
        squash""",
    "mass_food": """bread rice pasta fish cheese butter coffee tea milk water sugar salt flour honey chocolate
        juice beer wine ham bacon garlic pepper cream spice""",
    "vehicle": """car bus truck van bike train ferry taxi boat ship tractor scooter wagon canoe motorcycle jeep
        cab trailer sled carriage kayak coach minibus ambulance""",
    "building": """library museum station hotel church theater school office store garage bank shop bakery
        factory warehouse farm palace temple clinic courthouse gallery restaurant prison castle tower gym cafe
        hall chapel studio laboratory apartment cottage hospital market mill cabin""",
    "room": """kitchen garden yard basement attic lobby hallway classroom bedroom porch cellar garage den
        courtyard balcony tent""",
    "outdoors": """park river lake hill bridge beach forest road path valley field coast harbor canal creek
        meadow desert island highway trail square pond cliff swamp ridge pier shore street bay""",
    "surface": """table desk shelf counter bench couch floor chair bed windowsill dresser stove carpet sofa
        piano roof mat sink""",
    "container": """box bag drawer basket bucket trunk suitcase closet cabinet barrel crate backpack jar safe
        tin can""",
    "thing": """lamp box clock umbrella jacket ring watch coat phone bag vase mirror guitar camera hat ladder
        painting necklace key ticket chair piano basket drum flag flute helmet scarf toy violin doll carpet
        candle wallet glove pillow saddle bell pin train lock stamp shell trap""",
    "document": """letter report book novel article poem story note review paper contract essay memo list
        email statement text script manual diary chapter column draft record journal message script summary
        brochure file print post comment""",
    "event": """meeting concert wedding parade race match party trial debate election festival ceremony lecture
        dinner lunch play show game exhibition dance conference funeral premiere fair rehearsal tournament
        reception briefing opening screening walk march visit picnic auction tour""",
    "incident": """storm fire strike accident flood war earthquake robbery explosion crash attack protest scandal
        riot drought shooting leak collapse""",
    "plan": """plan proposal offer decision change law rule deal request idea answer project claim reform
        order bid promise move demand budget cut policy ban answer design search study""",
    "feeling": """hope fear doubt interest love concern desire regret anger trust respect joy
        relief surprise worry envy delight""",
    "topic": """politics history music art climate education trade housing science football religion medicine
        fashion travel poetry sailing cooking farming banking physics health sleep sport marriage tax justice
        research fishing""",
    "quantity_subject": """price rent tax wage cost sale export profit import rate debt fee salary premium share
        temperature fare demand""",
    "kitchen_tool": """fork knife spoon whisk ladle pan grill spatula grater toaster blender""",
    "repair_tool": """hammer wrench screwdriver drill rope pump saw jack crowbar cable""",
    "writing_tool": """pen pencil typewriter crayon marker computer keyboard""",
    "body_feature": """beard mustache tattoo limp smile scar ponytail accent cold temper""",
    "part": """roof wall door window floor ceiling gate front back edge side top""",
    "period": """year month week day hour minute decade century""",
    "action_noun": """walk run swim ride drive rest look break nap drink bath bite guess shower sip""",
    "purpose": """exam wedding race trial trip concert winter interview holiday match flight""",
    "quality": """care pride patience skill courage interest ease surprise joy delight caution energy anger
        enthusiasm relief""",
    "modifier": """city summer winter school family state business art sports safety health park water
        weekend village winter country evening morning beach community street""",
    "weather": """rain snow wind fog sun heat cold frost""",
    "material": """wood stone glass metal paper leather silk brick steel""",
    "building_material": """wood stone brick glass paint cement steel""",
}
"""Classes of nouns; a word may stand in several, and many are verbs, adjectives or names as well."""
