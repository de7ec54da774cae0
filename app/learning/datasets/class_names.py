"""Whether a class name plainly means a fracture: by its words, in the languages of published sets."""

import re
import unicodedata


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FRACTURE = _set_of("""
    fracture fractures fractured fx broken break positive fraktur frakturen bruch fractura fracturas fratura fraturas
    frattura fratture καταγμα καταγματα перелом переломы zlamanie zlamania kirik 骨折
""")
_KIND = _set_of("""
    comminuted greenstick hairline oblique spiral transverse segmental impacted avulsion buckle torus displaced
    nondisplaced undisplaced compression
""")
_SITE = _set_of("""
    elbow finger fingers forearm humerus shoulder wrist hip leg hand foot ankle knee arm thigh thumb toe toes rib ribs
    clavicle collarbone scapula radius ulna femur tibia fibula patella pelvis spine vertebra vertebrae skull jaw
    mandible sternum sacrum carpal carpals scaphoid metacarpal metacarpals metatarsal metatarsals tarsal tarsals
    phalanx phalanges calcaneus talus heel olecranon malleolus neck cervical thoracic lumbar face facial nose nasal
    orbit chest upperarm lowerarm lowerleg upperleg
""")
_QUALIFIER = _set_of("""
    left right l r distal proximal lateral medial upper lower middle mid shaft midshaft head base bone bones simple
    open closed linear longitudinal pathological stress of the and class region
""")
_DENIAL = _set_of("no non not normal healthy negative without un unfractured unbroken intact none nofracture")


def is_plainly_fracture(name: str) -> bool:
    """Whether every word of a class name is a fracture, a kind of it, or the part of the body where it is.

    "fracture", "wrist positive" and "distal radius" are; "metal", "bone anomaly", "not fractured" and "class 0" are
    not. A name that is not may still mean a fracture: a person decides that in a policy.
    """
    words = _words(name)
    known = _FRACTURE | _KIND | _SITE | _QUALIFIER
    if not words or denies_fracture(name):
        return False
    return all(word in known for word in words) and any(word in _FRACTURE | _KIND | _SITE for word in words)


def denies_fracture(name: str) -> bool:
    """Whether a class name says that there is no fracture, as "normal" and "not fractured" do."""
    return any(word in _DENIAL for word in _words(name))


def _words(name: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    # "non-displaced" is a kind of fracture, not the absence of one. The Turkish dotless i has no accent to lose.
    plain = re.sub(r"\bnon[-_ ]?displaced", "nondisplaced", plain).replace("ı", "i")
    return [word for word in re.split(r"[\W\d_]+", plain) if word]
