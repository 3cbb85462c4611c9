"""How much the sentence files of an owner may hold, so that no content makes the box slow or large.

The box itself, with all skills and the sample home, has 966 sentences of at most 550 characters, 30 choices
and 16 levels, in all 97,000 characters with their rules written out. A build with files at these limits takes
up to six times as long as one without.
"""

#: Files of all folders, and bytes of one file.
MAX_FILES = 200
MAX_FILE_BYTES = 1_000_000
#: Keys and values of one file, and of all, with what an alias or a merge stands for counted each time.
MAX_NODES = 20_000
MAX_ALL_NODES = 60_000
#: Levels of mappings and lists within each other; a sentence file needs nine.
MAX_LEVELS = 20
#: Characters of a name of an intent, a list or a rule.
MAX_NAME_CHARS = 100

#: One template as it is written.
MAX_TEMPLATE_CHARS = 2000
#: Words that a wildcard may hold.
MAX_WILDCARD_WORDS = 40
#: Items of a permutation; n items compile to 2**n nodes, and hassil tries n! orders.
MAX_PERMUTATION = 6
#: One sentence or value with its rules written out: characters, groups of alternatives, and levels.
MAX_CHARACTERS = 10_000
MAX_CHOICES = 100
MAX_DEPTH = 50

#: All files together: sentences, lists and rules, different contexts (the names of the home are compiled once
#: for each), skip words.
MAX_TEMPLATES = 1000
MAX_NAMES = 500
MAX_CONTEXTS = 20
MAX_SKIP_WORDS = 200
MAX_SKIP_WORD_CHARS = 100
#: All files together: characters with all rules written out.
MAX_ALL_CHARACTERS = 150_000
#: Numbers of one range, and of all ranges of all files: the grammar spells out every one of them.
MAX_RANGE_VALUES = 10_001
MAX_ALL_NUMBERS = 20_000
#: The largest number in a range, either side of zero.
MAX_NUMBER = 1_000_000
