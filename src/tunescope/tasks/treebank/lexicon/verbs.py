"""Verbs by what they take; base forms."""

from __future__ import annotations

__all__ = ["PARTICLE_VERBS", "TOPIC_VERBS", "VERBS"]

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
        steal break repair hit check pack""",
    "v_plan": """support oppose reject discuss approve explain defend question attack back change welcome
        study like debate doubt fear favor need review block""",
    "v_animal": """feed watch train find follow love chase walk wash photograph help hear keep
        pet rescue""",
    "v_done_to_dish": "bake steam fry roast salt toast heat share order finish burn grill slice",
    "v_done_to_vehicle": "rent paint repair steal tow park rust load test damage wash borrow",
    "v_done_to_building": "rent paint clean close light guard heat search restore lock empty",
    "v_done_to_document": "print sign edit translate review mark file copy update cite record",
    "v_done_to_thing": "steal hide lose drop repair fix wrap borrow paint lock pack lend",
    "v_done_to_event": "plan cancel record delay film postpone stage host",
    "v_done_to_plan": "change suggest reject oppose review plan discuss draft fail",
    "v_motion": """walk run drive travel march rush race climb hurry hike ride jog cycle head return
        move wander step stroll""",
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
    "v_look": """look search wait ask""",
    "v_animal_act": """sleep bark run play rest swim wait drink eat fly hide""",
}
"""Classes of verbs, named by the nouns that they go with."""

TOPIC_VERBS = {
    "talk": ("about", "about", "of"),
    "speak": ("about", "on", "of"),
    "argue": ("about", "over"),
    "lecture": ("on", "about"),
    "joke": ("about",),
    "dream": ("of", "about"),
    "worry": ("about", "over"),
    "write": ("about", "on"),
    "complain": ("about", "of"),
    "hear": ("about", "of"),
    "fight": ("over", "about"),
    "think": ("about", "of"),
}
"""Verbs that take a topic, with the prepositions that introduce it."""

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
