"""The programs and drum kits of General MIDI that belong to a family, as text tables.

Sound effects, orchestra hits and programs without a clear family are left out.
"""

# `shared` names the samples that several programs of FluidR3 use. These programs form one group,
# so that no sample is used for both training and measuring.
PROGRAM_TABLE = """
# number name               family     pitches style    shared         accepts
0   grand-piano             keyboard   30-98   fingers  piano          -
1   bright-piano            keyboard   30-98   fingers  piano          -
2   electric-grand          keyboard   33-93   fingers  -              -
3   honky-tonk              keyboard   33-93   fingers  piano          -
4   rhodes                  keyboard   33-93   fingers  -              -
5   fm-piano                keyboard   33-93   fingers  -              -
6   harpsichord             keyboard   36-84   fingers  -              -
7   clavinet                keyboard   36-84   fingers  -              -
8   celesta                 mallet     60-104  fingers  -              keyboard;mallet
9   glockenspiel            mallet     72-105  fingers  -              -
10  music-box               mallet     60-98   fingers  -              -
11  vibraphone              mallet     53-89   fingers  -              -
12  marimba                 mallet     45-93   fingers  -              -
13  xylophone               mallet     60-100  fingers  -              -
14  tubular-bells           mallet     58-79   solo     -              -
16  drawbar-organ           organ      36-91   fingers  -              -
17  percussive-organ        organ      36-91   fingers  -              -
18  rock-organ              organ      36-91   fingers  -              -
19  church-organ            organ      33-93   ensemble -              -
20  harmonium               organ      41-84   ensemble -              organ;reed
21  accordion               reed       48-88   fingers  accordion      organ;reed
22  harmonica               reed       58-90   solo     accordion      -
23  bandoneon               reed       45-86   fingers  accordion      organ;reed
24  nylon-guitar            guitar     40-81   strummed -              -
25  steel-guitar            guitar     40-82   strummed -              -
26  jazz-guitar             guitar     40-82   strummed -              -
27  clean-guitar            guitar     40-84   strummed -              -
28  muted-guitar            guitar     40-76   strummed -              -
29  overdriven-guitar       guitar     40-86   strummed -              -
30  distorted-guitar        guitar     40-86   strummed -              -
32  double-bass             bass       28-55   line     -              bass;string
33  fingered-bass           bass       28-58   line     -              -
34  picked-bass             bass       28-58   line     -              -
35  fretless-bass           bass       28-60   line     -              -
36  slap-bass               bass       28-56   line     -              -
37  pop-bass                bass       28-56   line     -              -
38  synth-bass-1            bass       26-55   line     saw-bass       bass;synth_lead
39  synth-bass-2            bass       26-55   line     -              bass;synth_lead
40  violin                  string     55-96   solo     violin         -
41  viola                   string     48-86   solo     -              -
42  cello                   string     36-76   solo     -              -
43  bowed-bass              string     28-60   solo     -              bass;string
44  tremolo-strings         string     40-88   ensemble strings        -
45  pizzicato               string     38-86   fingers  -              -
46  harp                    string     33-96   fingers  -              guitar;string
48  strings                 string     36-90   ensemble strings        -
49  slow-strings            string     36-90   ensemble strings        -
50  synth-strings-1         string     36-90   ensemble synth-strings  string;synth_lead
51  synth-strings-2         string     36-90   ensemble synth-strings  string;synth_lead
52  choir-aahs              vocal      43-81   ensemble -              -
53  voice-oohs              vocal      45-81   ensemble -              -
54  synth-voice             vocal      45-81   ensemble -              synth_lead;vocal
56  trumpet                 brass      54-86   solo     -              -
57  trombone                brass      38-72   solo     -              -
58  tuba                    brass      28-60   solo     -              -
59  muted-trumpet           brass      54-84   solo     -              -
60  french-horn             brass      40-77   solo     -              -
61  brass-section           brass      40-82   ensemble -              -
62  synth-brass-1           brass      40-82   ensemble synth-brass    brass;synth_lead
63  synth-brass-2           brass      40-82   ensemble synth-brass    brass;synth_lead
64  soprano-sax             reed       56-88   solo     -              -
65  alto-sax                reed       49-81   solo     -              -
66  tenor-sax               reed       44-76   solo     -              -
67  baritone-sax            reed       37-69   solo     -              -
68  oboe                    reed       58-89   solo     -              -
69  english-horn            reed       52-81   solo     -              -
70  bassoon                 reed       34-72   solo     -              -
71  clarinet                reed       50-91   solo     -              -
72  piccolo                 flute      74-103  solo     -              -
73  flute                   flute      60-96   solo     -              -
74  recorder                flute      60-94   solo     -              -
75  panpipes                flute      58-90   solo     -              -
77  shakuhachi              flute      55-86   solo     -              -
79  ocarina                 flute      60-89   solo     -              -
80  square-lead             synth_lead 45-91   solo     -              -
81  saw-lead                synth_lead 45-91   solo     saw            -
82  calliope-lead           synth_lead 50-91   solo     -              -
83  chiff-lead              synth_lead 50-91   solo     synth-brass    -
85  voice-lead              synth_lead 50-84   solo     voice          synth_lead;vocal
86  fifths-lead             synth_lead 45-84   solo     saw-bass       -
87  bass-and-lead           synth_lead 40-84   solo     saw            -
88  fantasia                synth_lead 43-91   ensemble synth-strings  -
89  warm-pad                synth_lead 43-88   ensemble warm           -
90  polysynth               synth_lead 43-91   fingers  synth-strings  -
91  choir-pad               vocal      45-84   ensemble voice          synth_lead;vocal
93  metallic-pad            synth_lead 43-88   ensemble warm           -
94  halo-pad                synth_lead 43-88   ensemble synth-strings  -
95  sweep-pad               synth_lead 43-88   ensemble -              -
104 sitar                   guitar     48-79   solo     -              guitar;string
105 banjo                   guitar     48-84   strummed -              -
106 shamisen                guitar     48-81   solo     -              guitar;string
107 koto                    guitar     48-86   fingers  -              guitar;string
108 kalimba                 mallet     55-86   fingers  -              -
109 bagpipe                 reed       57-82   solo     -              -
110 fiddle                  string     55-93   solo     violin         -
111 shanai                  reed       55-84   solo     -              -
114 steel-drums             mallet     52-88   fingers  -              -
116 taiko                   drums      36-67   strokes  -              -
117 melodic-toms            drums      40-72   strokes  power-kit      -
118 synth-drum              drums      40-72   strokes  -              -
"""
KIT_TABLE = """
0   standard-kit            drums      35-81   kit      studio-kit     -
8   room-kit                drums      35-81   kit      studio-kit     -
16  power-kit               drums      35-81   kit      power-kit      -
24  electronic-kit          drums      35-81   kit      -              -
25  808-kit                 drums      35-81   kit      -              -
32  jazz-kit                drums      35-81   kit      studio-kit     -
40  brush-kit               drums      35-81   kit      studio-kit     -
"""
