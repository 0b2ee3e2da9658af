"""The genre of the music: a model of its own, and the shares of the genres in what was heard."""
