"""The words of generated tweets and the ways in which they can be spelt."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


def _phrases(text: str) -> list[str]:
    return [phrase.strip() for phrase in text.split("|")]


# Words between brackets are spelt as the author spells them, see SPELLINGS; {slots} are filled.
PATTERNS = _phrases("""
    [I am] so <glad>, the {noun} at the [centre] [is not] {adjective} any more |
    [you] [are] [going to] love this {adjective} {noun} |
    my [favourite] {noun} of the week, {adjective} [and] {adjective} |
    [I do not] know [why] [people] talk [about] the {noun} [tonight] |
    [because] of the {noun} [I want to] {verb} the whole {noun} |
    [thanks] to everyone who {verb}ed the {noun} [with] me [tomorrow] |
    we [should have] {verb}ed the {adjective} {noun} [before] the weekend |
    [they are] {verb}ing the {noun} again, [what] a {adjective} day |
    what [colour] is [your] {noun}, <really> |
    [it is] [going to] be a {adjective} {noun}, [please] {verb} it |
    [though] the {noun} was {adjective}, the {noun} was [great] |
    [I cannot] [realise] how {adjective} [your] {noun} [are] to me |
    {number} [people] [organised] the {noun} [for] [you] [and] me |
    the {adjective} {noun} [is not] [for] everyone, [okay] |
    [I have] been {verb}ing {number} {noun}s [with] my [neighbour] [today] |
    [to be honest] the {noun} needs a {adjective} {noun} |
    <right>, who [wants to] {verb} a {noun} in the [grey] {place} |
    [travelling] to the {place} [tomorrow], the {noun} [will not] wait |
    never {verb} a {noun} [without] a {adjective} {noun} |
    [see you] at the {place}, [they will] {verb} the {noun}
""")

# By family: whoever takes one of a family's spellings mostly takes all of them.
SPELLINGS: dict[str, dict[str, str]] = {
    "british": {
        "colour": "color", "centre": "center", "favourite": "favorite", "realise": "realize",
        "organised": "organized", "neighbour": "neighbor", "grey": "gray",
        "travelling": "traveling",
    },
    "contracted": {
        "I am": "I'm", "is not": "isn't", "I do not": "I don't", "they are": "they're",
        "it is": "it's", "I cannot": "I can't", "I have": "I've", "will not": "won't",
        "they will": "they'll",
    },
    "colloquial": {
        "going to": "gonna", "I want to": "I wanna", "wants to": "wanna",
        "should have": "shoulda", "because": "cause", "to be honest": "honestly",
        "see you": "see ya", "okay": "alright",
    },
    "short": {
        "you": "u", "are": "r", "your": "ur", "for": "4", "people": "ppl", "about": "abt",
        "tonight": "2nite", "tomorrow": "tmrw", "thanks": "thx", "with": "w/", "please": "pls",
        "before": "b4", "great": "gr8", "why": "y", "what": "wut", "though": "tho",
        "without": "w/o", "today": "2day",
    },
    "ampersand": {"and": "&"},
}  # fmt: skip

EMPHASIS = {
    "glad": ["glad", "sooo glad", "very glad", "super glad", "truly glad"],
    "really": ["really", "rly", "seriously", "actually", "for real"],
    "right": ["right", "so", "well", "ok", "listen", "folks"],
}

ADJECTIVES = _words("""
    amazing awful bold boring brave brilliant broken bright calm charming cheap clumsy cosy crazy
    curious cute daring dirty dreadful dull eager elegant endless excellent fair famous fancy fierce
    fresh friendly funny gentle giant gloomy golden graceful grand grumpy happy hollow honest huge
    humble icy jolly lazy lonely loud lovely lucky mighty modest narrow neat noble odd perfect
    plain polite proud quick quiet rare reckless rough rude shiny silent silly simple sleepy smart
    splendid strange stubborn sweet tender terrible tiny tired tough tricky warm weird wild wise
    wonderful young
""")

VERBS = _words("""
    accept answer applaud attack avoid boost borrow call check clean cook count cover defend
    deliver demand design direct discover enjoy explain fight film fix follow form guard hack
    haunt help hint honour ignore invent join jump kick launch learn lift mark mend miss mock
    paint perform pick plant play print protect pull push question record repair rescue roast
    sketch spoil start stretch support test thank touch train trust visit watch welcome
""")

TOPICS: dict[str, list[str]] = {
    "cooking": _words("soup kitchen recipe spoon pancake oven onion curry noodle cake sauce lunch"),
    "cycling": _words("bike saddle helmet chain tyre hill lane pedal climb wheel sprint route"),
    "football": _words("goal keeper match referee penalty stadium league striker pass cup coach"),
    "music": _words("song guitar chorus concert drum album tune choir melody piano record band"),
    "garden": _words("rose shed tomato spade hedge lawn seed beetle compost tulip fence pond"),
    "politics": _words("vote bill budget senate debate tax reform speech law poll party motion"),
    "weather": _words("storm cloud drizzle rainbow frost breeze thunder puddle flood sunset hail"),
    "travel": _words("airport hotel passport island beach train suitcase map ferry village visa"),
    "books": _words("novel chapter poem library author plot page sequel villain shelf essay diary"),
    "computers": _words("laptop server keyboard bug patch robot password app screen chip update"),
    "animals": _words("puppy kitten parrot horse hamster turtle goat whale penguin owl fox rabbit"),
    "money": _words("bank loan salary invoice pension market bargain coin rent price stock wallet"),
}  # fmt: skip

PLACES = _words("""
    harbour station market church garage cinema bakery museum office castle tunnel forest village
    bridge square tower corner
""")

NUMBERS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
DIGITS = ["2", "3", "4", "5", "6", "7", "8", "9", "10"]

EMOJI = _words("😀 😂 🤔 😍 🙄 👍 🔥 💪 🎉 ❤️ 😭 🙏 🌱 🚲 🎸 📚 ☕ 🐶 🌧️ 👀 ✨ 💯 🤷 😎")

ENDINGS = [".", ".", ".", "!", "!", "!!!", "...", "…", " .", " !", "?!", "", "", "~", ";)"]
COMMAS = [", ", ", ", ", ", " - ", " — ", ",", "... ", " / ", "; ", " "]

OPENERS = _phrases("""
    Honest question: | Good morning. | Breaking: | BREAKING | Hot take: | Note to self: |
    Proud day. | Update: | Dear all, | hey | Wow. | Today: | Opinion: | Reminder: | I repeat: |
    News! | Thread: | FYI | Just saying: | Oh no,
""")

CLOSERS = _phrases("""
    lol | Thoughts? | Sad! | Join us. | Enough said. | haha | Read more here. | Just my two cents. |
    Have a nice day | Watch live. | xx | #nofilter | Pass it on. | k bye | Shame. | More soon. |
    imho | Cheers, | Agree? | RT if so
""")
