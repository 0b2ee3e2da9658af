"""The groups of genres that a model can name, and AudioSet's classes of each."""

CLASSES_OF_GENRE = {
    "blues": [246],
    "classical": [232, 233],
    "country": [224, 226],
    "disco": [231],
    "hiphop": [212, 213],
    "jazz": [225, 230],
    "metal": [215],
    "pop": [211],
    "reggae": [223],
    "rock": [214, *range(216, 221)],
}
GENRES = tuple(CLASSES_OF_GENRE)
