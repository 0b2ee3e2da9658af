"""AudioSet's classes that belong to each family, as in the corpus' baseline."""

CLASSES_OF_FAMILY = {
    "bass": [137],
    "brass": [180, 181, 182, 183],
    "drums": [*range(156, 164), 165, 166, 167],
    "flute": [191],
    "guitar": [134, 135, 136, *range(138, 145), 146],
    "keyboard": [147, 148, 149, 155],
    "mallet": [*range(174, 179)],
    "organ": [150, 151, 152],
    "reed": [192, 193, 203, 204, 205],
    "string": [*range(184, 190), 194],
    "synth_lead": [153],
    "vocal": [24, 25, 26, 27, 29, 249, 250],
}
MUSIC = 132
