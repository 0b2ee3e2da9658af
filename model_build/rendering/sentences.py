"""Everyday sentences for the synthetic voices, by language."""

from collections.abc import Mapping
from types import MappingProxyType

_SENTENCES = {
    "en": """\
Dinner is nearly ready. Could somebody lay the table, please?
Have you seen my keys? I am sure I left them on the shelf.
The train was forty minutes late again this morning.
Yes, that would be lovely. Shall we say half past seven?
No, I don't think so. Ask your sister first.
Rain is expected in the north, with sunny spells in the afternoon.
Wait a moment, the kettle is boiling.
Turn the lights down in the living room and lock the front door.
Once upon a time there lived an old fisherman by the sea.
He said he would call back on Thursday, or was it Friday?
We need milk, eggs, two lemons and something for the cat.
That is the funniest thing I have heard all week!
And then they scored in the very last minute of the match.
Good night. Sleep well, and don't read for too long.""",
    "de": """\
Das Essen ist gleich fertig. Deckt bitte jemand den Tisch?
Hast du meine Schlüssel gesehen? Ich hatte sie eben noch in der Hand.
Der Zug hatte heute früh schon wieder vierzig Minuten Verspätung.
Ja, gern. Sagen wir um halb acht vor dem Kino?
Im Norden regnet es, am Nachmittag wird es freundlicher.
Mach bitte das Licht aus und schließ die Haustür ab.
Es war einmal ein alter Fischer, der wohnte am Meer.
Wir brauchen Milch, Eier, zwei Zitronen und Futter für die Katze.""",
    "fr": """\
Le dîner est presque prêt. Quelqu'un peut mettre la table ?
Tu as vu mes clés ? Je les avais posées sur l'étagère.
Le train avait encore quarante minutes de retard ce matin.
Oui, avec plaisir. Disons sept heures et demie devant le cinéma ?
Il pleuvra dans le nord, avec des éclaircies dans l'après-midi.
Éteins la lumière du salon et ferme la porte à clé.
Il était une fois un vieux pêcheur qui vivait au bord de la mer.
Il nous faut du lait, des œufs, deux citrons et de quoi nourrir le chat.""",
    "es": """\
La cena está casi lista. ¿Alguien puede poner la mesa?
¿Has visto mis llaves? Estoy seguro de que las dejé en el estante.
El tren llegó otra vez con cuarenta minutos de retraso.
Sí, con mucho gusto. ¿Quedamos a las siete y media?
Se espera lluvia en el norte y sol por la tarde.
Apaga la luz de la sala y cierra la puerta con llave.
Érase una vez un viejo pescador que vivía junto al mar.
Necesitamos leche, huevos, dos limones y algo para el gato.""",
    "it": """\
La cena è quasi pronta. Qualcuno può apparecchiare la tavola?
Hai visto le mie chiavi? Sono sicuro di averle lasciate sullo scaffale.
Il treno stamattina aveva di nuovo quaranta minuti di ritardo.
Sì, volentieri. Facciamo alle sette e mezza davanti al cinema?
Al nord è prevista pioggia, con schiarite nel pomeriggio.
Spegni la luce in salotto e chiudi a chiave la porta.
C'era una volta un vecchio pescatore che viveva vicino al mare.""",
    "nl": """\
Het eten is bijna klaar. Kan iemand de tafel dekken?
Heb je mijn sleutels gezien? Ik had ze net nog in mijn hand.
De trein had vanochtend weer veertig minuten vertraging.
Morgen regent het in het noorden, later wordt het droog.
Doe het licht in de kamer uit en sluit de voordeur af.""",
    "sv": """\
Middagen är nästan klar. Kan någon duka bordet?
Har du sett mina nycklar? Jag hade dem nyss i handen.
Tåget var fyrtio minuter försenat i morse igen.
Det blir regn i norr, och solsken på eftermiddagen.
Släck lampan i vardagsrummet och lås ytterdörren.""",
    "pl": """\
Kolacja jest prawie gotowa. Czy ktoś nakryje do stołu?
Widziałeś moje klucze? Na pewno zostawiłem je na półce.
Pociąg znowu spóźnił się dziś rano o czterdzieści minut.
Na północy będzie padać, po południu trochę słońca.
Zgaś światło w salonie i zamknij drzwi na klucz.""",
    "pt": """\
O jantar está quase pronto. Alguém pode pôr a mesa?
Você viu as minhas chaves? Tenho certeza de que as deixei na estante.
O trem atrasou quarenta minutos de novo hoje de manhã.
Vai chover no norte, com um pouco de sol à tarde.
Apague a luz da sala e tranque a porta da frente.""",
}
SENTENCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {language: tuple(text.splitlines()) for language, text in _SENTENCES.items()}
)
