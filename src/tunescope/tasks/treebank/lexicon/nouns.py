"""Nouns by what they name; singular forms."""

from __future__ import annotations

__all__ = ["NOUNS"]

NOUNS = {
    "occupation": """teacher doctor nurse farmer lawyer baker painter singer driver reporter student cook guide
        judge guard coach host pilot captain sailor tailor plumber waiter writer dancer editor engineer chef clerk
        officer gardener butcher tourist patient professional official mechanic architect scientist librarian
        mayor carpenter barber actor poet researcher visitor neighbor cashier surgeon dentist janitor ranger
        inspector journalist manager musician witness scout porter marine cleaner winner critic novelist
        electrician firefighter soldier minor adult veteran rival""",
    "job": """teacher doctor nurse farmer lawyer baker painter singer driver reporter cook guide judge guard coach
        pilot sailor tailor plumber waiter writer dancer editor engineer chef clerk gardener butcher mechanic
        architect librarian carpenter barber actor cashier dentist janitor ranger porter cleaner model""",
    "relative": """sister brother mother father aunt uncle cousin daughter son friend partner colleague boss
        roommate wife husband niece nephew grandmother grandfather neighbor teammate twin""",
    "relatives": "sister brother aunt uncle cousin daughter son friend colleague niece nephew neighbor teammate",
    "group": """team committee council company school government family club band crew union court board
        orchestra agency ministry parliament bank hospital museum university firm charity newspaper network""",
    "animal": """dog cat horse cow duck sheep bird rabbit fox bear goat pony swallow hawk fly mole seal crane
        hound kitten puppy hen goose wolf squirrel turtle""",
    "dish": """pie soup salad sandwich steak stew curry omelet pizza burger roast cake pancake noodle sausage
        lobster potato pumpkin dumpling waffle muffin egg onion tomato turkey chicken trout roll
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
        meadow desert island highway trail square pond cliff swamp ridge pier shore street bay well""",
    "surface": """table desk shelf counter bench couch floor chair bed windowsill dresser stove carpet sofa
        piano roof mat sink""",
    "container": """box bag drawer basket bucket trunk suitcase closet cabinet barrel crate backpack jar safe
        tin can""",
    "thing": """lamp clock umbrella jacket ring watch coat phone vase mirror guitar camera hat
        painting necklace key ticket drum flag flute helmet scarf toy violin doll
        candle wallet glove pillow bell pin lock stamp shell trap shirt tie compass saw drill book lamp map""",
    "document": """letter report book novel article poem story note review paper contract essay memo list
        email statement text script manual diary chapter column draft record journal message script summary
        brochure file print post comment""",
    "event": """meeting concert wedding parade race match party trial debate election festival ceremony lecture
        dinner lunch play show game exhibition dance conference funeral premiere fair rehearsal tournament
        reception briefing opening screening walk march visit picnic auction tour""",
    "incident": """storm fire strike accident flood war earthquake robbery explosion crash attack protest scandal
        riot drought leak collapse""",
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
    "recording_tool": "camera microphone phone recorder drone tablet",
    "writing_tool": """pen pencil typewriter crayon marker computer keyboard""",
    "body_feature": """beard mustache tattoo limp smile scar ponytail accent cold temper""",
    "part": """roof wall door window floor ceiling gate front back edge side top""",
    "period": """year month week day hour minute""",
    "action_noun": """walk run swim ride drive rest break nap drink bath shower stroll sail dip""",
    "purpose": """exam wedding race trial trip concert winter interview holiday match flight""",
    "quality": """care pride patience skill courage interest ease surprise joy delight caution energy anger
        enthusiasm relief""",
    "modifier_event": "summer winter city school family state art music evening weekend village beach street",
    "modifier_group": "city school state business art sports health water family community student history",
    "modifier_plan": "school business safety health water state housing budget energy defense party",
    "modifier_building": "stone brick city state school art village family business concrete company market",
    "modifier_occupation": "school art city hospital science safety health music bank street police tax",
    "modifier_document": "school business safety health history police travel tax love art",
    "modifier_thing": "glass gold silver leather silk paper stone party winter",
    "modifier_dish": "fish chicken cheese onion mushroom vegetable rice potato pepper",
    "modifier_vehicle": "police school family company city state mail",
    "modifier_container": "metal plastic paper glass steel leather",
    "weather": """rain snow wind fog sun heat cold frost""",
    "material": """wood stone glass metal paper leather silk brick steel""",
    "building_material": """wood stone brick glass paint cement steel""",
}
"""Classes of nouns; a word may stand in several, and many are verbs, adjectives or names as well."""
