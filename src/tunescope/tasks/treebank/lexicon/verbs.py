"""Verbs by what they take; base forms."""

from __future__ import annotations

__all__ = ["PARTICLE_VERBS", "VERBS"]

VERBS = {
    "v_dish": """cook eat bake serve order taste share finish burn prepare sample steam fry roast salt
        try smell season cool heat toast cut pepper freeze""",
    "v_vehicle": """drive park repair wash paint sell buy rent steer load tow inspect borrow stop fuel race
        test ship clean photograph like push""",
    "v_building": """visit clean paint open close leave guard rent heat enter tour inspect photograph like
        design secure search own light empty""",
    "v_document": """read write print sign review publish finish copy translate edit file study mail post
        draft praise quote mark open change cite""",
    "v_person": """help thank call visit invite question answer follow trust greet blame praise ignore guide
        judge host watch phone hug meet like love hire warn defend interview doubt respect welcome fear
        recognize""",
    "v_event": """plan watch attend cancel enjoy miss film host delay photograph record cover postpone like
        describe remember announce schedule skip stage""",
    "v_thing": """buy sell find lose drop hide carry lift wrap fix need want keep clean like notice borrow
        steal hand box break repair""",
    "v_plan": """support oppose reject discuss approve explain defend question attack back change welcome
        study like debate doubt fear favor need review block""",
    "v_animal": """feed watch train find follow love chase walk wash photograph help hear keep ride
        pet rescue""",
    "v_motion": """walk run drive travel sail march rush race climb hurry hike ride jog cycle head return
        fly move wander""",
    "v_activity": """work sleep wait sing dance laugh talk play rest practice smile train read cook paint
        study swim fish cough joke nap pray work""",
    "v_rise": """rise fall drop grow climb increase decline jump fluctuate shrink surge slide swing""",
    "v_say": """say report claim announce explain state add note insist argue suggest admit""",
    "v_think": """think believe hope know fear suspect doubt guess understand feel expect""",
    "v_want": """want try plan need decide hope begin promise refuse agree offer manage like hesitate
        learn prepare""",
    "v_enjoy": """enjoy like love avoid finish start stop keep consider miss mind""",
    "v_give": """give send show offer hand lend mail bring sell throw pass""",
    "v_seem": """seem become look feel sound remain stay appear""",
    "v_topic": """talk argue speak lecture joke dream worry write complain""",
    "v_look": """look search wait ask""",
    "v_animal_act": """sleep bark run play rest swim wait drink eat fly hide""",
    "v_building_state": """open close reopen""",
}
"""Classes of verbs, named by the nouns that they go with."""

PARTICLE_VERBS = {
    "thing": "pick up|put down|give away|put on|hand over|throw away|take apart|put back|set aside",
    "document": "look over|hand in|write down|print out|read out|mail off|tear up|send back",
    "plan": "turn down|call off|put off|work out|think over|back up|draw up",
    "event": "call off|put off|set up|plan out|wind up|speed up",
    "building": "lock up|open up|close down|clean up|burn down|tear down|clean out|light up",
    "dish": "eat up|heat up|use up|warm up|cut up|dish out",
    "vehicle": "start up|back up|pull over|trade in|slow down|load up",
    "occupation": "call up|let down|cheer on|show around|turn away|wake up",
}
"""Verbs with a particle, by the class of their object."""
