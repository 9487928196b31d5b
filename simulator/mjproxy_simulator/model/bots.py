"""The ids of the bots, each of which is an application and its user; as observed on the real Discord."""

from typing import Final

MIDJOURNEY_ID: Final = 936929561302675456
NIJI_ID: Final = 1022952195194359889
INSIGHT_FACE_ID: Final = 1090660574196674713
