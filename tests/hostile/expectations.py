"""What becomes of each notebook in this folder, and of those that `builders` makes.

A verdict such as ``"ERROR|MEMORY"`` leaves open which of several comes: that depends on which of
two limits is met first. Where PASS is not among them, a pass is a hole in the box. What is said of
``"*"`` holds for all that is not named; without it, that is NOT_ATTEMPTED.
"""

from dataclasses import dataclass

from tutorial_lib.grading.results import Verdict


@dataclass(frozen=True)
class Expected:
    """What a notebook tries, and what comes of it.

    Attributes
    ----------
    file : str
        In this folder, or the name of one that `builders` makes.
    verdicts : dict of str to str
        By exercise; several possible ones with ``|`` between them.
    tries : str
    bug : str
        The named mistake of every FAIL in it; empty if that may be any or none.
    name : str
        Under which it is handed in, if not its own.
    also : str
        Another notebook that is handed in with it.
    """

    file: str
    verdicts: dict[str, str]
    tries: str
    bug: str = ""
    name: str = ""
    also: str = ""

    def allowed(self, exercise: str) -> set[Verdict]:
        """Return the verdicts that an exercise may get."""
        rest = self.verdicts.get("*", Verdict.NOT_ATTEMPTED)
        told = self.verdicts.get(exercise, rest)
        return {Verdict(verdict) for verdict in told.split("|")}


# Folders of students, each with any honest notebook in it: no name may become a formula, a
# second row, a path, or markup.
IDENTITIES = (
    '=HYPERLINK("example.org","100")',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "'=1+1",
    '"quoted", "twice"',
    "two\nlines,100",
    "<img src=x onerror=alert(1)>",
    "&lt;script&gt;",
    "..hidden",
    "~root",
    "$(touch x)",
    "-rf",
    "\u202egnp.emos",
    "Zoë Größe-Łęcka 李",
    "é",
    "e\u0301",
    "marks.csv",
    "x" * 200,
)

HOSTILE = (
    # What the notebook claims, and what an answer returns.
    Expected(
        "patched_check.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Puts another check in place of the learner's own, which would call anything correct.",
    ),
    Expected(
        "patched_showtraceback.ipynb",
        {"1.2": "PASS", "1.3": "ERROR", "1.8": "PASS"},
        "Replaces Jupyter's display of errors, so that a cell that fails looks like one that does "
        "not.",
    ),
    Expected(
        "patched_input_transformers.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Adds an input transformer, which would rewrite every cell that is run after it.",
    ),
    Expected(
        "patched_ast_transformers.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Adds a transformer of syntax trees, which would turn every comparison into True.",
    ),
    Expected(
        "patched_events.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Registers a function with Jupyter that would put the library's answer in place before "
        "each cell.",
    ),
    Expected(
        "skip_tags.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Tags its cells so that tools skip them or forgive their errors; tags change nothing, "
        "either way.",
    ),
    Expected(
        "skip_comments.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Begins its cells with comments that tell some tools to leave them out.",
    ),
    Expected(
        "nbgrader_metadata.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Claims in its metadata that cells are locked, were graded, and are worth 1,000 points.",
    ),
    Expected(
        "verdict_metadata.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Says in the notebook's metadata that everything passed, with all the points that there "
        "are.",
    ),
    Expected(
        "kernelspec_command.ipynb",
        {"1.2": "PASS", "1.3": "PASS", "1.8": "PASS"},
        "Names a kernel that is a command; nobody starts a kernel, so the right answer counts.",
    ),
    Expected(
        "lying_eq.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns an object that is equal to everything and less than nothing.",
    ),
    Expected(
        "lying_class.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns an object that says, when asked for its class, that it is a tensor.",
    ),
    Expected(
        "float_subclass.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns a number of its own kind, equal to every other.",
    ),
    Expected(
        "tensor_subclass.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns a tensor of its own kind, for which every comparison in PyTorch comes out as "
        "wanted.",
    ),
    Expected(
        "right_tensor_subclass.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns the right numbers in a tensor of its own kind, which nobody outside would dare "
        "to touch.",
    ),
    Expected(
        "int_subclass.ipynb",
        {"3.1": "PASS", "3.5": "FAIL", "Q11": "PASS"},
        "Returns whole numbers of its own kind, equal to every other.",
    ),
    Expected(
        "lying_len.ipynb",
        {"3.1": "PASS", "3.5": "FAIL", "Q11": "PASS"},
        "Returns a tuple of its own kind, whose length and parts are whatever is asked for.",
    ),
    Expected(
        "lying_dict.ipynb",
        {"3.1": "PASS", "3.6": "FAIL", "Q11": "PASS"},
        "Returns the dictionary that a measurement of its classifier would give, instead of a "
        "classifier.",
    ),
    Expected(
        "claims_to_be_driven.ipynb",
        {"3.1": "PASS", "3.6": "FAIL|ERROR", "Q11": "PASS"},
        "Is an object that says that it has been driven already, and returns what was never "
        "measured.",
    ),
    Expected(
        "nan_result.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns NaN, for which no comparison is false that should have been written the other "
        "way round.",
    ),
    Expected(
        "infinite_result.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS", "1.9": "FAIL"},
        "Returns infinity, to which the distance of anything may come out as NaN.",
    ),
    Expected(
        "none_result.ipynb",
        {"1.1": "FAIL", "1.2": "PASS", "1.3": "FAIL", "1.8": "PASS", "1.9": "FAIL"},
        "Returns nothing, an empty tensor, or a boolean where a tensor of numbers is expected.",
    ),
    Expected(
        "endless_generator.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns a generator without an end, for a reader that would turn it into a list.",
    ),
    Expected(
        "endless_iterator.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns a list of its own kind that never comes to an end when it is gone through.",
    ),
    Expected(
        "monster_result.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR", "1.8": "PASS"},
        "Returns an object that raises, whatever is done with it.",
    ),
    Expected(
        "agreeable_result.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR", "1.8": "PASS"},
        "Returns an object that has every attribute that is asked for, and answers every call "
        "with itself.",
    ),
    Expected(
        "reduce_object.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns an object that, if anybody unpickled it, would run a command.",
    ),
    Expected(
        "pickled_result.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns bytes which, if anybody unpickled them, would run a command.",
    ),
    Expected(
        "list_in_itself.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|OUTPUT", "1.8": "PASS"},
        "Returns a list that holds itself, for a reader that would go down without an end.",
    ),
    Expected(
        "deep_nesting.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|OUTPUT", "1.8": "PASS"},
        "Returns a list nested 100,000 times, for a reader that calls itself for each level.",
    ),
    Expected(
        "giant_tensor.ipynb",
        {"1.2": "PASS", "1.3": "OUTPUT|FAIL|MEMORY|TIMEOUT", "1.8": "PASS"},
        "Returns a tensor of 240 MB where one of four bytes is expected.",
    ),
    Expected(
        "giant_view.ipynb",
        {"1.2": "PASS", "1.3": "OUTPUT|FAIL|MEMORY|CRASH", "1.8": "PASS"},
        "Returns a tensor of four bytes that claims, as a view, to be of 4 TB.",
    ),
    Expected(
        "giant_list.ipynb",
        {"1.2": "PASS", "1.3": "OUTPUT|FAIL|MEMORY", "1.8": "PASS"},
        "Returns a list of 20 million numbers.",
    ),
    Expected(
        "giant_string.ipynb",
        {"1.2": "PASS", "1.3": "OUTPUT|FAIL|MEMORY|TIMEOUT", "1.8": "PASS"},
        "Returns a text of 500 million characters.",
    ),
    Expected(
        "giant_integer.ipynb",
        {"3.1": "PASS", "3.5": "FAIL|OUTPUT", "Q11": "PASS"},
        "Returns whole numbers of 100 million binary digits, which take hours to print.",
    ),
    Expected(
        "many_parts.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|OUTPUT", "1.8": "PASS"},
        "Returns a tuple of 50,000 tensors, each with memory of its own.",
    ),
    Expected(
        "unusual_tensors.ipynb",
        {"1.1": "FAIL", "1.2": "PASS", "1.3": "FAIL", "1.5": "FAIL", "1.8": "PASS", "1.9": "FAIL"},
        "Returns tensors that are sparse, of no device, of half precision, or complex.",
    ),
    Expected(
        "numpy_result.ipynb",
        {"1.1": "FAIL", "1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns the right values as NumPy's array and as a plain number, where a tensor is asked "
        "for.",
    ),
    Expected(
        "shared_memory.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR", "1.8": "PASS"},
        "Returns a tensor of which it keeps the memory, and changes it from a thread after the "
        "answer.",
    ),
    Expected(
        "question_liar.ipynb",
        {"1.2": "PASS", "1.8": "PASS", "Q2": "FAIL"},
        "Answers a question with a text of its own kind, equal to every letter.",
    ),
    Expected(
        "question_all_choices.ipynb",
        {"1.2": "PASS", "1.8": "PASS", "Q1": "FAIL", "Q2": "FAIL", "Q3": "FAIL"},
        "Answers questions with all the choices, or with a number that is right for everything.",
    ),
    Expected(
        "question_function.ipynb",
        {"1.2": "PASS", "1.8": "PASS", "Q1": "FAIL", "Q2": "FAIL"},
        "Answers a question with a function, for a judge that would call it.",
    ),
    Expected(
        "known_mistake.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "No attack: it makes a mistake that has a name, which the verdict must tell.",
        bug="no half",
    ),
    # What is replaced in the process, and what a definition does while it is made.
    Expected(
        "patched_builtins.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH", "1.8": "PASS"},
        "Replaces isinstance, type, len, all and any by functions that please it.",
    ),
    Expected(
        "patched_torch.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Replaces everything in PyTorch with which two tensors could be compared.",
    ),
    Expected(
        "patched_writing.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|OUTPUT|TIMEOUT", "1.8": "PASS"},
        "Replaces json.dumps and struct.pack in the box by functions that write a verdict of "
        "their own.",
    ),
    Expected(
        "patched_reading_and_writing.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|OUTPUT|TIMEOUT", "1.8": "PASS"},
        "Replaces os.read and os.write, so that what the judge is sent is what it last asked.",
    ),
    Expected(
        "patched_worker.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|OUTPUT|TIMEOUT", "1.8": "PASS"},
        "Looks for the worker's own modules and objects, and replaces whatever sends, reads or "
        "compares.",
    ),
    Expected(
        "patched_driving.ipynb",
        {"3.1": "PASS", "3.6": "FAIL|ERROR", "Q11": "PASS"},
        "Replaces the functions that measure a classifier in its process by ones that measure "
        "well.",
    ),
    Expected(
        "patched_tensor_methods.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH", "1.8": "PASS"},
        "Replaces the methods by which a tensor's values leave it, so that they leave as others.",
    ),
    Expected(
        "patched_import.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH", "1.8": "PASS"},
        "Replaces the import of modules, so that whatever the judge imports after it is its own.",
    ),
    Expected(
        "import_hook.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR", "1.8": "PASS"},
        "Installs an import hook while its definitions are read, which makes up any module of the "
        "library.",
    ),
    Expected(
        "shadowed_modules.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH", "1.8": "PASS"},
        "Puts its own objects into sys.modules in the places of torch, numpy, json and the "
        "library.",
    ),
    Expected(
        "shadowing_files.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Writes a torch.py, a json.py and a tutorial_lib.py wherever a module could be looked for.",
    ),
    Expected(
        "poisoned_startup.ipynb",
        {"1.1": "FAIL", "1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Writes start-up files that Python would run by itself in every process that is started "
        "later.",
    ),
    Expected(
        "poisoned_cache.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Writes compiled files into every __pycache__ it can reach, and PyTorch's caches on the "
        "way.",
    ),
    Expected(
        "settrace.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR", "1.8": "PASS"},
        "Traces and profiles whatever its process does after the call, in search of what is "
        "expected.",
    ),
    Expected(
        "audit_hook.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|TIMEOUT", "1.8": "PASS"},
        "Adds an audit hook, which cannot be taken away again and forbids everything that is done "
        "later.",
    ),
    Expected(
        "atexit_verdict.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|CRASH", "1.8": "PASS"},
        "Prints a verdict, and writes one to every open descriptor, when its process ends.",
    ),
    Expected(
        "evil_decorator.ipynb",
        {"1.2": "PASS", "1.3": "CRASH|ERROR", "1.8": "PASS"},
        "Does its work in a decorator, while the definition is made: it ends the process in "
        "silence.",
    ),
    Expected(
        "evil_default.ipynb",
        {"1.2": "PASS", "1.3": "ERROR|FAIL", "1.8": "PASS"},
        "Calls sys.exit in a default argument, while the definition is made.",
    ),
    Expected(
        "evil_class_body.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|CRASH|OUTPUT", "1.8": "PASS"},
        "Writes plausible frames to every descriptor in the body of a class, before it is asked "
        "anything.",
    ),
    Expected(
        "evil_metaclass.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH", "1.8": "PASS"},
        "Has a class of functions that lies about everything, with the answer as one of its kind.",
    ),
    Expected(
        "evil_annotation.ipynb",
        {"1.2": "PASS", "1.3": "CRASH|ERROR", "1.8": "PASS"},
        "Ends its process while an annotation is worked out.",
    ),
    Expected(
        "evil_iterator_argument.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR", "1.8": "PASS"},
        "Has a signature and attributes that raise when somebody looks at them before the call.",
    ),
    Expected(
        "defined_by_exec.ipynb",
        {
            "1.1": "NOT_ATTEMPTED",
            "1.2": "PASS",
            "1.3": "NOT_ATTEMPTED",
            "1.8": "PASS",
            "1.9": "NOT_ATTEMPTED",
        },
        "Makes its answers with exec, with globals() and with setattr: nothing defines them, so "
        "none counts.",
    ),
    Expected(
        "lookalike_name.ipynb",
        {"1.1": "NOT_ATTEMPTED", "1.2": "PASS", "1.8": "PASS"},
        "Writes the name with a Cyrillic letter that looks the same: another name, so no answer.",
    ),
    Expected(
        "fullwidth_name.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.8": "PASS"},
        "Writes the name in full-width letters, which Python takes for the usual ones: a right "
        "answer.",
    ),
    Expected(
        "coding_cookie.ipynb",
        {"1.2": "PASS", "1.3": "PASS", "1.8": "PASS"},
        "Claims to be written in another encoding, in which the text of the cell is another "
        "program.",
    ),
    Expected(
        "null_character.ipynb",
        {"1.2": "PASS", "1.3": "NOT_ATTEMPTED", "1.8": "PASS"},
        "Has a cell with a NUL in it, which Python cannot parse; it costs only itself.",
    ),
    Expected(
        "lone_surrogate.ipynb",
        {"1.2": "PASS", "1.3": "NOT_ATTEMPTED", "1.8": "PASS"},
        "Has a cell with half a character in it, which no file can hold; it costs only itself.",
    ),
    # What is read: solutions, results, secrets, other people's work.
    Expected(
        "import_solution.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|NOT_ATTEMPTED", "1.8": "PASS"},
        "Imports the reference solution inside of its function.",
    ),
    Expected(
        "import_solution_as_answer.ipynb",
        {"1.1": "FAIL|NOT_ATTEMPTED", "1.2": "PASS", "1.3": "FAIL|NOT_ATTEMPTED", "1.8": "PASS"},
        "Imports the reference solution under the name of the answer.",
    ),
    Expected(
        "library_function.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.4": "FAIL", "1.8": "PASS"},
        "Answers with functions of the library that compute what the exercises ask for.",
        bug="the library's own version",
    ),
    Expected(
        "library_function_as_answer.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|NOT_ATTEMPTED", "1.4": "FAIL", "1.8": "PASS"},
        "Imports a function of the library under the name of the answer, and another as its alias.",
    ),
    Expected(
        "import_by_name.ipynb",
        {"1.1": "FAIL|ERROR", "1.2": "PASS", "1.3": "FAIL|ERROR", "1.8": "PASS"},
        "Imports the reference solution by a name that is put together while it runs.",
    ),
    Expected(
        "import_around_the_hook.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR", "1.8": "PASS"},
        "Takes all hooks on imports away, and looks for the library's solutions with the bare "
        "machinery.",
    ),
    Expected(
        "package_walk.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Walks through all packages that can be imported, in search of a function with the right "
        "name.",
    ),
    Expected(
        "package_path.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Points the path of the package elsewhere, to find the parts that were left out of the "
        "box.",
    ),
    Expected(
        "solution_files.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Reads every file below the import path that could hold the solution, and runs what it "
        "finds.",
    ),
    Expected(
        "sources_of_objects.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Asks inspect for the source of whatever is loaded, in search of the solution.",
    ),
    Expected(
        "yours_or_ours_in_the_answer.ipynb",
        {
            "1.1": "FAIL|ERROR|NOT_ATTEMPTED",
            "1.2": "PASS",
            "1.3": "FAIL|ERROR|NOT_ATTEMPTED",
            "1.8": "PASS",
        },
        "Calls, inside of its function, whatever the exercise itself would offer as an answer.",
    ),
    Expected(
        "ours_as_answer.ipynb",
        {"1.1": "NOT_ATTEMPTED", "1.2": "PASS", "1.3": "NOT_ATTEMPTED", "1.8": "PASS"},
        "Takes the library's version for its own: it says so itself, so there is no answer.",
    ),
    Expected(
        "stack_inspection.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Goes up its stack of calls, and returns whatever a caller knows by the name of the "
        "expected.",
    ),
    Expected(
        "memory_scan.ipynb",
        {"1.1": "FAIL", "1.2": "PASS", "1.8": "PASS"},
        "Looks through all objects in memory for a tensor that has the shape of the result.",
    ),
    Expected(
        "own_memory.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Reads the memory of its own process and of the others, in search of results or a secret.",
    ),
    Expected(
        "environment.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Reads its own environment and that of every process it sees, and answers right if it is "
        "a secret's.",
    ),
    Expected(
        "process_table.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Looks at the command lines of other processes, and answers right if the judge is among "
        "them.",
    ),
    Expected(
        "descriptors_of_others.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Opens what other processes hold open, by way of /proc, and answers right if it is a "
        "regular file.",
    ),
    Expected(
        "inherited_descriptors.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Reads every descriptor that it has inherited, and answers right if one is a file or a "
        "socket.",
    ),
    Expected(
        "stolen_requests.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|TIMEOUT", "1.8": "PASS"},
        "Reads the next requests from every pipe before the worker does, and answers nothing of "
        "them.",
    ),
    Expected(
        "ptrace.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH", "1.8": "PASS"},
        "Attaches to other processes as a debugger does, and answers right if one of them lets it.",
    ),
    Expected(
        "other_submissions.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Walks through the file system for notebooks, keys and marks, and answers right if it "
        "finds any.",
    ),
    Expected(
        "outside_the_box.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Follows ways out of its root: the roots of other processes, device nodes, and open "
        "folders.",
    ),
    Expected(
        "new_namespaces.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|CRASH", "1.8": "PASS"},
        "Asks the kernel for namespaces and mounts of its own, and answers right if it gets any.",
    ),
    Expected(
        "privileges.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|CRASH", "1.8": "PASS"},
        "Tries to become root, and answers right if it may.",
    ),
    Expected(
        "system_calls.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|CRASH", "1.8": "PASS"},
        "Makes system calls that no answer needs, and answers right if the kernel carries one out.",
    ),
    Expected(
        "memorised_public_cases.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Knows the results of the learner's public cases by heart, and returns zeros for all "
        "others.",
    ),
    Expected(
        "right_only_in_jupyter.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Computes right only where a learner tries it out, in a notebook or a debugger.",
    ),
    Expected(
        "right_only_on_weekends.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Computes right depending on the clock and the process, and wrong when it is judged.",
    ),
    Expected(
        "right_only_once.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Is an object that computes right when it is called first, and something else from then "
        "on.",
    ),
    Expected(
        "random_guess.ipynb",
        {"1.1": "FAIL", "1.2": "PASS", "1.5": "FAIL", "1.8": "PASS"},
        "Answers questions by chance, and functions by a guess near the middle of what is likely.",
    ),
    # What is written: verdicts, frames, files.
    Expected(
        "results_files.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Writes results, marks and journals of its own wherever they could be looked for.",
    ),
    Expected(
        "background_writer.ipynb",
        {"1.1": "FAIL", "1.2": "PASS", "1.3": "FAIL|ERROR|CRASH", "1.8": "PASS"},
        "Leaves a process behind, in a session of its own, that keeps writing frames to every "
        "descriptor.",
    ),
    Expected(
        "double_fork.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR", "1.8": "PASS"},
        "Forks twice, lets the first child die, and leaves a process that nobody is the parent of.",
    ),
    Expected(
        "two_answers.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH", "1.8": "PASS"},
        "Forks, so that two processes answer the same call, one of them with the right result.",
    ),
    Expected(
        "frames_before_the_answer.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|OUTPUT", "1.8": "PASS"},
        "Writes plausible frames with its own session to every descriptor, then answers wrong.",
    ),
    Expected(
        "frames_instead_of_an_answer.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|OUTPUT", "1.8": "PASS"},
        "Writes frames that say PASS to every descriptor, and ends its process without an answer.",
    ),
    Expected(
        "frames_for_the_next_exercise.ipynb",
        {"1.1": "FAIL", "1.2": "PASS", "1.3": "FAIL|ERROR|CRASH", "1.8": "PASS"},
        "Leaves frames for every other exercise in the pipe of the worker, by way of its entry in "
        "/proc.",
    ),
    Expected(
        "broken_frames.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|OUTPUT|TIMEOUT", "1.8": "PASS"},
        "Writes frames that claim to be of 4 GB, headers that are no JSON, and tensors larger "
        "than their memory.",
    ),
    Expected(
        "outsized_view.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|OUTPUT", "1.8": "PASS"},
        "Sends, in a frame of its own making, a tensor that reaches beyond the memory that came "
        "with it.",
    ),
    Expected(
        "endless_callbacks.ipynb",
        {"1.2": "PASS", "1.7": "TIMEOUT|FAIL|CRASH", "1.8": "PASS"},
        "Calls the function that the judge lends to it over and over, and never comes to an "
        "answer.",
    ),
    Expected(
        "poisoned_callbacks.ipynb",
        {"1.2": "PASS", "1.7": "FAIL|ERROR", "1.8": "PASS"},
        "Hands to the judge's function what is no tensor, in search of an error that tells "
        "something.",
    ),
    Expected(
        "printed_verdicts.ipynb",
        {"1.2": "PASS", "1.3": "PASS", "1.8": "PASS", "1.9": "FAIL"},
        "Prints verdicts, with signs that would erase lines on a terminal; one answer is right, "
        "one is not.",
    ),
    Expected(
        "closed_descriptors.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|TIMEOUT", "1.8": "PASS"},
        "Closes every descriptor, so that nothing can be asked or answered any more.",
    ),
    Expected(
        "turned_descriptors.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|TIMEOUT|OUTPUT", "1.8": "PASS"},
        "Turns every descriptor into another one, so that answers go where the output goes, and "
        "back.",
    ),
    Expected(
        "changed_defaults.ipynb",
        {"1.2": "PASS", "1.3": "PASS", "1.8": "PASS"},
        "Changes PyTorch's defaults, threads, seeds and modes in each call, but computes right.",
    ),
    Expected(
        "file_as_a_channel.ipynb",
        {"1.1": "FAIL", "1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Keeps the inputs of one exercise in a file, to answer another one with them.",
    ),
    Expected(
        "csv_formula.ipynb",
        {"1.2": "PASS", "1.3": "ERROR", "1.8": "PASS"},
        "No attack in itself: it is handed in by students whose names are formulas or markup.",
    ),
    # What is used up, ended, or called: time, memory, processes, the network.
    Expected(
        "sys_exit.ipynb",
        {"1.1": "ERROR", "1.2": "PASS", "1.3": "ERROR", "1.8": "PASS", "1.9": "ERROR"},
        "Calls sys.exit, quit and a SystemExit of its own with a status that means success.",
    ),
    Expected(
        "os_exit.ipynb",
        {"1.2": "PASS", "1.3": "CRASH", "1.8": "PASS"},
        "Ends its process at once, with a status that means success.",
    ),
    Expected(
        "endless_loop.ipynb",
        {"1.2": "PASS", "1.3": "TIMEOUT", "1.8": "PASS"},
        "Loops without an end.",
    ),
    Expected(
        "endless_stubborn_loop.ipynb",
        {"1.2": "PASS", "1.3": "TIMEOUT", "1.8": "PASS"},
        "Loops without an end, and goes on whatever is raised or signalled.",
    ),
    Expected(
        "endless_regular_expression.ipynb",
        {"1.2": "PASS", "1.3": "TIMEOUT", "1.8": "PASS"},
        "Matches a regular expression that tries out 2 to the power of 60 ways, and listens to no "
        "signal.",
    ),
    Expected(
        "endless_power.ipynb",
        {"1.2": "PASS", "1.3": "TIMEOUT|MEMORY", "1.8": "PASS"},
        "Computes a number of a billion digits, in one instruction that nothing interrupts.",
    ),
    Expected(
        "endless_definition.ipynb",
        {"1.2": "PASS", "1.3": "TIMEOUT", "1.8": "PASS"},
        "Loops without an end while it is defined, in the body of a class that the answer uses.",
    ),
    Expected(
        "endless_module.ipynb",
        {"3.1": "PASS", "3.6": "TIMEOUT", "Q11": "PASS"},
        "Returns a module whose list of parameters has no end.",
    ),
    Expected(
        "endless_sleep.ipynb",
        {"1.2": "PASS", "1.3": "TIMEOUT", "1.8": "PASS"},
        "Goes to sleep for eleven days.",
    ),
    Expected(
        "slow_drip.ipynb",
        {"1.2": "PASS", "1.3": "TIMEOUT", "1.8": "PASS"},
        "Prints a sign every now and then, so that it never looks idle, and takes for ever.",
    ),
    Expected(
        "waiting_for_input.ipynb",
        {"1.2": "PASS", "1.3": "ERROR", "1.8": "PASS"},
        "Waits for somebody to type the answer.",
    ),
    Expected(
        "fork_bomb.ipynb",
        {"1.2": "PASS", "1.3": "ERROR|TIMEOUT|CRASH|MEMORY|FAIL|OUTPUT", "1.8": "PASS"},
        "Forks as often as it may, and so do its children.",
    ),
    Expected(
        "thread_bomb.ipynb",
        {"1.2": "PASS", "1.3": "ERROR|TIMEOUT|CRASH|MEMORY", "1.8": "PASS"},
        "Starts threads as long as it may.",
    ),
    Expected(
        "process_bomb.ipynb",
        {"1.2": "PASS", "1.3": "ERROR|TIMEOUT|CRASH|MEMORY", "1.8": "PASS"},
        "Starts programs as long as it may, and forgets about them.",
    ),
    Expected(
        "memory_bomb.ipynb",
        {"1.1": "MEMORY|ERROR", "1.2": "PASS", "1.3": "MEMORY|ERROR", "1.8": "PASS"},
        "Asks for 40 GB in one go, and for all that it can get in small pieces.",
    ),
    Expected(
        "memory_of_children.ipynb",
        {"1.2": "PASS", "1.3": "MEMORY|ERROR|TIMEOUT|CRASH", "1.8": "PASS"},
        "Shares its use of memory out among children, none of which has much.",
    ),
    Expected(
        "shared_memory_bomb.ipynb",
        {"1.2": "PASS", "1.3": "ERROR|MEMORY", "1.8": "PASS"},
        "Fills the shared memory of the box with files.",
    ),
    Expected(
        "anonymous_files_bomb.ipynb",
        {"1.2": "PASS", "1.3": "ERROR|MEMORY|TIMEOUT|CRASH", "1.8": "PASS"},
        "Fills memory with files that have no name, and so stand in no folder.",
    ),
    Expected(
        "disk_bomb.ipynb",
        {"1.2": "PASS", "1.3": "ERROR|MEMORY|CRASH", "1.8": "PASS"},
        "Fills the disk with one file that grows and grows.",
    ),
    Expected(
        "inode_bomb.ipynb",
        {"1.2": "PASS", "1.3": "ERROR|MEMORY|TIMEOUT", "1.8": "PASS"},
        "Makes empty files and folders in folders as long as there is room for their names.",
    ),
    Expected(
        "descriptor_bomb.ipynb",
        {"1.2": "PASS", "1.3": "ERROR", "1.8": "PASS"},
        "Opens pipes as long as it may.",
    ),
    Expected(
        "output_bomb.ipynb",
        {"1.2": "PASS", "1.3": "OUTPUT", "1.8": "PASS"},
        "Prints without an end.",
    ),
    Expected(
        "error_output_bomb.ipynb",
        {"1.2": "PASS", "1.3": "OUTPUT", "1.8": "PASS"},
        "Writes without an end to the descriptor of errors, past everything that Python knows of.",
    ),
    Expected(
        "frame_bomb.ipynb",
        {"1.2": "PASS", "1.3": "OUTPUT|CRASH|TIMEOUT|ERROR|FAIL", "1.8": "PASS"},
        "Writes without an end to every pipe that it finds, as the judge reads one of them.",
    ),
    Expected(
        "frames_of_nobody.ipynb",
        {"1.2": "PASS", "1.3": "TIMEOUT", "1.8": "PASS"},
        "Floods the judge with frames of no conversation, each slow to read, and none of them "
        "late.",
    ),
    Expected(
        "native_crash.ipynb",
        {"1.2": "PASS", "1.3": "CRASH", "1.8": "PASS"},
        "Reads from address 0.",
    ),
    Expected(
        "native_abort.ipynb",
        {"1.2": "PASS", "1.3": "CRASH", "1.8": "PASS"},
        "Has the C library abort the process, and before that its memory made a mess of.",
    ),
    Expected(
        "killing_itself.ipynb",
        {"1.2": "PASS", "1.3": "CRASH", "1.8": "PASS"},
        "Sends itself the signal that kills.",
    ),
    Expected(
        "killing_its_parent.ipynb",
        {"1.2": "PASS", "1.3": "CRASH|FAIL|ERROR", "1.8": "PASS"},
        "Kills the process that it was forked from, and the first process of the box.",
    ),
    Expected(
        "killing_everybody.ipynb",
        {"1.2": "PASS", "1.3": "CRASH|FAIL|ERROR", "1.8": "PASS"},
        "Sends the signal that kills to its group, and to every process that it may send one to.",
    ),
    Expected(
        "stopping_itself.ipynb",
        {"1.2": "PASS", "1.3": "TIMEOUT", "1.8": "PASS"},
        "Stops its process, and the one that it was forked from, so that both wait for ever.",
    ),
    Expected(
        "deleting_everything.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|TIMEOUT", "1.8": "PASS"},
        "Deletes every file that it may delete, from the root downwards.",
    ),
    Expected(
        "overwriting_the_library.ipynb",
        {"1.1": "FAIL", "1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Overwrites the library and Python itself, as far as the box lets it.",
    ),
    Expected(
        "deep_recursion.ipynb",
        {"1.2": "PASS", "1.3": "ERROR", "1.8": "PASS"},
        "Calls itself without an end.",
    ),
    Expected(
        "recursion_without_a_limit.ipynb",
        {"1.2": "PASS", "1.3": "CRASH|ERROR|MEMORY|TIMEOUT", "1.8": "PASS"},
        "Lifts the limit on recursion, and then calls itself by way of C code until its stack is "
        "full.",
    ),
    Expected(
        "signal_handlers.ipynb",
        {"1.2": "PASS", "1.3": "TIMEOUT", "1.8": "PASS"},
        "Ignores alarms and requests to end, handles the rest with a function that goes on for "
        "ever.",
    ),
    Expected(
        "raised_limits.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Raises its own limits of memory, processes, files and size, and answers right if it may.",
    ),
    Expected(
        "lowered_limits.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|ERROR|CRASH|TIMEOUT|MEMORY", "1.8": "PASS"},
        "Lowers its own limits until nothing works any more.",
    ),
    Expected(
        "priority.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Makes itself more important than other processes, pins itself, and is first to be spared.",
    ),
    Expected(
        "late_destructor.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|TIMEOUT|CRASH", "1.8": "PASS"},
        "Leaves an object behind whose end takes for ever; what it returned before is wrong.",
    ),
    Expected(
        "forgotten_thread.ipynb",
        {"1.2": "PASS", "1.3": "PASS", "1.8": "PASS"},
        "Leaves a thread behind that waits for ever, but computes right, so it costs nothing.",
    ),
    Expected(
        "network.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|CRASH", "1.8": "PASS"},
        "Calls hosts by number, on this machine and elsewhere, and answers right if one picks up.",
    ),
    Expected(
        "network_names.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|CRASH", "1.8": "PASS"},
        "Asks for the address of a host, and sends what it knows as a part of the host's name.",
    ),
    Expected(
        "network_raw.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|CRASH", "1.8": "PASS"},
        "Opens sockets that see or send packets as they are, and answers right if it gets one.",
    ),
    Expected(
        "network_vsock.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|CRASH", "1.8": "PASS"},
        "Calls the host of a virtual machine, or the kernel, over families of sockets seldom "
        "thought of.",
    ),
    Expected(
        "network_unix.ipynb",
        {"1.2": "PASS", "1.3": "FAIL|CRASH", "1.8": "PASS"},
        "Calls every local service that it can find the socket of, and answers right if one picks "
        "up.",
    ),
    # What could reach a page or a table.
    Expected(
        "markup_in_errors.ipynb",
        {"1.1": "ERROR", "1.2": "PASS", "1.3": "ERROR", "1.8": "PASS", "1.9": "ERROR"},
        "Raises errors whose types and texts are markup, for a page that would show them as they "
        "are.",
    ),
    Expected(
        "markup_in_names.ipynb",
        {"1.2": "PASS", "1.3": "ERROR", "1.8": "PASS"},
        "Gives markup for a name to its functions, its files and its code, for a page that quotes "
        "them.",
    ),
    Expected(
        "markup_in_results.ipynb",
        {"1.1": "FAIL", "1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Returns objects whose types have markup for a name, for a message that tells what came.",
    ),
    Expected(
        "markup_in_cells.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Has markup in cells, comments, docstrings and output, for a page that shows them.",
    ),
    Expected(
        "markup_in_file_name.ipynb",
        {"1.2": "PASS", "1.3": "ERROR", "1.8": "PASS"},
        "Is handed in under a name that is markup, and a formula.",
        name="=cmd('<img src=x onerror=alert(1)>').ipynb",
    ),
    Expected(
        "path_in_file_name.ipynb",
        {"1.2": "PASS", "1.3": "FAIL", "1.8": "PASS"},
        "Is handed in under a name that begins with dots and looks like an option.",
        name="..--out=marks.csv;touch x.ipynb",
    ),
    Expected(
        "surrogates_in_errors.ipynb",
        {"1.1": "ERROR", "1.2": "PASS", "1.3": "ERROR", "1.8": "PASS"},
        "Raises errors with texts that cannot be written to a file: half characters, NUL, and "
        "signs that turn text round.",
    ),
    Expected(
        "giant_error.ipynb",
        {"1.1": "ERROR|OUTPUT|MEMORY", "1.2": "PASS", "1.3": "ERROR|OUTPUT|MEMORY", "1.8": "PASS"},
        "Raises an error with a text of 200 million characters, and one with 100,000 causes.",
    ),
    Expected(
        "endless_error.ipynb",
        {
            "1.1": "ERROR",
            "1.2": "PASS",
            "1.3": "TIMEOUT|ERROR",
            "1.8": "PASS",
            "1.9": "ERROR|CRASH|TIMEOUT",
        },
        "Raises errors that never finish to say what they are, or raise another one when they are "
        "asked.",
    ),
    Expected(
        "interrupts.ipynb",
        {"1.1": "ERROR", "1.2": "PASS", "1.3": "ERROR", "1.8": "PASS", "1.9": "ERROR"},
        "Raises what usually ends a program that runs it: an interrupt, the end of a generator, a "
        "stop.",
    ),
    Expected(
        "judges_errors.ipynb",
        {
            "1.1": "ERROR",
            "1.2": "PASS",
            "1.3": "ERROR|FAIL|CRASH",
            "1.8": "PASS",
            "1.9": "ERROR|MEMORY",
        },
        "Raises errors of the judge's own kinds, which might be taken for what they are there.",
    ),
    Expected(
        "lying_error_types.ipynb",
        {"1.1": "ERROR", "1.2": "PASS", "1.3": "ERROR", "1.8": "PASS", "1.9": "ERROR"},
        "Raises errors that are named as Python's own are, with parts of another form than theirs.",
    ),
)

# Nothing of this is an attack: everything named PASS is right, and must count.
CARELESS = (
    Expected(
        "warnings_and_prints.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Prints, warns and logs in its functions, as one does while looking for a mistake.",
    ),
    Expected(
        "extra_cells.ipynb",
        {"1.1": "PASS", "1.2": "PASS"},
        "Has many cells of its own between those of the course.",
    ),
    Expected(
        "deleted_cells.ipynb",
        {"1.2": "PASS", "1.9": "PASS"},
        "Has nothing left but the cells with the answers: no checks, no text.",
    ),
    Expected(
        "duplicated_cells.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Has the same answers twice, once with a mistake that was mended further down.",
    ),
    Expected(
        "renamed_file.ipynb",
        {"1.2": "PASS", "1.3": "PASS"},
        "Was downloaded twice, and has a name that tells nothing.",
        name="Kopie von Untitled3 (1) - final_FINAL.ipynb",
    ),
    Expected(
        "magics.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Uses what only Jupyter understands: magics, commands, requests for help.",
    ),
    Expected(
        "timed_cells.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.9": "PASS"},
        "Has the answers in cells that measure their time or catch their output.",
    ),
    Expected(
        "looks_like_magic.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Has Python that looks like magics: a modulo at the start of a line, questions in "
        "comments and texts.",
    ),
    Expected(
        "syntax_error_elsewhere.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Has cells that do not parse, beside those with the answers.",
    ),
    Expected(
        "unfinished.ipynb",
        {
            "1.1": "PASS",
            "1.2": "PASS",
            "1.3": "NOT_ATTEMPTED",
            "1.4": "ERROR",
            "1.5": "NOT_ATTEMPTED",
            "1.9": "ERROR",
            "Q1": "PASS",
            "Q2": "NOT_ATTEMPTED",
            "Q3": "FAIL",
        },
        "Is finished in part: the rest are stubs, half an answer, and one that says so itself.",
    ),
    Expected(
        "stub_below_the_answer.ipynb",
        {"1.1": "PASS", "1.2": "PASS"},
        "Has the stub again below the answer, which was written into a cell of its own.",
    ),
    Expected(
        "helpers_in_other_cells.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.9": "PASS"},
        "Has helpers in other cells, some below the function that calls them.",
    ),
    Expected(
        "imports_in_other_cells.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.4": "PASS"},
        "Has its imports all over the notebook, under names of its own, and some that do not "
        "exist here.",
    ),
    Expected(
        "constants_in_other_cells.ipynb",
        {"1.2": "PASS", "1.3": "PASS", "1.5": "PASS", "1.9": "PASS"},
        "Has its constants in other cells: changed later, several at once, annotated, in a table.",
    ),
    Expected(
        "mutable_global.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Counts and collects in global lists and dictionaries while it computes.",
    ),
    Expected(
        "plots_and_training.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Draws and trains at the top level for hours, with names that the functions use for their "
        "own.",
    ),
    Expected(
        "hanging_cell.ipynb",
        {"1.1": "PASS", "1.2": "PASS"},
        "Has a cell at the top level that never ends.",
    ),
    Expected(
        "errors_at_top_level.ipynb",
        {"1.1": "PASS", "1.2": "PASS"},
        "Has cells that fail, before and after the answers.",
    ),
    Expected(
        "helper_of_a_failed_cell.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "ERROR"},
        "Defines a helper beside a definition that fails, which costs only what uses it.",
    ),
    Expected(
        "format_4_0.ipynb",
        {"1.2": "PASS", "1.3": "PASS"},
        "Was written by an old program, as nbformat 4.0: cells have no ids.",
    ),
    Expected(
        "format_4_1.ipynb",
        {"1.2": "PASS", "1.3": "PASS"},
        "Was written by an old program, as nbformat 4.1.",
    ),
    Expected(
        "format_4_2.ipynb",
        {"1.2": "PASS", "1.3": "PASS"},
        "Was written by an old program, as nbformat 4.2.",
    ),
    Expected(
        "format_4_3.ipynb",
        {"1.2": "PASS", "1.3": "PASS"},
        "Was written by an old program, as nbformat 4.3.",
    ),
    Expected(
        "format_4_4.ipynb",
        {"1.2": "PASS", "1.3": "PASS"},
        "Was written by an old program, as nbformat 4.4: the last one without ids.",
    ),
    Expected(
        "source_as_one_string.ipynb",
        {"1.2": "PASS", "1.3": "PASS"},
        "Keeps the source of each cell as one text, where most programs keep a list of lines.",
    ),
    Expected(
        "windows_lines_in_source.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Has cells whose lines end as they do on Windows, and on a very old Macintosh.",
    ),
    Expected(
        "metadata_of_other_programs.ipynb",
        {"1.2": "PASS", "1.3": "PASS"},
        "Was edited in another program, with metadata, kernels and tags of its own.",
    ),
    Expected(
        "as_lambda.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Answers with lambdas, although the stubs with def still stand above.",
    ),
    Expected(
        "as_object.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.9": "PASS"},
        "Answers with objects that can be called, with a partial function, and with a method.",
    ),
    Expected(
        "decorated.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.9": "PASS"},
        "Decorates its functions, with PyTorch's decorators, with a cache, and with one of its "
        "own.",
    ),
    Expected(
        "type_hints.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.9": "PASS"},
        "Has type hints, of types that are imported elsewhere or made by itself, now or later.",
    ),
    Expected(
        "future_import.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Imports from __future__ in a cell below others, as Jupyter allows, for hints that are "
        "not worked out.",
    ),
    Expected(
        "nested_functions.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.9": "PASS"},
        "Has functions within functions, and makes some of its answers with others.",
    ),
    Expected(
        "numpy_inside.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.9": "PASS"},
        "Computes with NumPy, and hands a tensor back.",
    ),
    Expected(
        "numpy_integers.ipynb",
        {"3.1": "PASS", "3.5": "PASS"},
        "Returns whole numbers of NumPy's own types, as np.argmin gives them; the learner's check "
        "takes them.",
    ),
    Expected(
        "named_tuple.ipynb",
        {"3.1": "PASS", "3.5": "PASS"},
        "Returns a named tuple where a tuple is asked for; the learner's check takes it.",
    ),
    Expected(
        "list_for_tuple.ipynb",
        {"3.1": "PASS", "3.2": "PASS"},
        "Returns a list where a tuple is asked for, and computes two values with star arguments.",
    ),
    Expected(
        "results_with_a_past.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.9": "PASS"},
        "Returns tensors that require gradients, are transposed, stretched, or parameters.",
    ),
    Expected(
        "recursive.ipynb",
        {"1.2": "PASS", "1.3": "PASS", "2.2": "PASS"},
        "Computes by calling itself.",
    ),
    Expected(
        "yours_or_ours.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.9": "NOT_ATTEMPTED"},
        "Is the course's own notebook, in which a later cell takes the library's version or the "
        "learner's.",
    ),
    Expected(
        "solution_looked_at.ipynb",
        {"1.2": "PASS", "1.3": "PASS"},
        "Looked at hints and at a solution, and then wrote its own.",
    ),
    Expected(
        "star_imports.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Imports everything from PyTorch and from Python's math, whose names overlap.",
    ),
    Expected(
        "star_arguments.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.9": "PASS"},
        "Takes its arguments as they come, or more of them than it is given.",
    ),
    Expected(
        "double_precision.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.9": "PASS"},
        "Computes with twice the digits that are asked for, and leaves them in.",
    ),
    Expected(
        "tests_in_cells.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Tests its functions where they are written, with assertions, prints and `if __name__`.",
    ),
    Expected(
        "main_block.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Defines its answers where other programs start.",
    ),
    Expected(
        "other_alphabets.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.5": "PASS"},
        "Writes names with umlauts and Greek letters, and comments with whatever there is.",
    ),
    Expected(
        "tabs.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.9": "PASS"},
        "Indents with tabs, with single spaces, and with white space that is left over.",
    ),
    Expected(
        "names_of_the_judge.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Has helpers and globals with the names of Python's own functions, and of what a judge "
        "may use.",
    ),
    Expected(
        "in_a_class.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "Keeps its answers in a class, and takes them out of it at the end.",
    ),
    Expected(
        "another_exercise_inside.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "1.5": "PASS", "1.6": "PASS"},
        "Uses its answers to earlier exercises in a later one.",
    ),
    Expected(
        "later_chapter.ipynb",
        {"4.1": "PASS", "4.3": "PASS", "Q13": "PASS"},
        "Answers of the last chapter, which train with the one part of the library that they may "
        "use.",
    ),
    Expected(
        "helper_in_another_notebook.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS", "2.1": "PASS", "2.2": "PASS"},
        "Uses functions that stand in the student's notebook of the chapter before.",
        also="another_exercise_before.ipynb",
    ),
    Expected(
        "another_exercise_before.ipynb",
        {"1.1": "PASS", "1.2": "PASS", "1.3": "PASS"},
        "The notebook of the chapter before, which the one above is handed in with.",
    ),
    Expected(
        "answers_to_questions.ipynb",
        {"1.2": "PASS", "Q1": "PASS", "Q2": "PASS", "Q3": "PASS", "Q4": "PASS"},
        "Answers questions in ways that the learner's check takes: with spaces, capitals, and "
        "sums.",
    ),
    Expected(
        "answer_in_a_raw_cell.ipynb",
        {"1.2": "PASS", "1.3": "NOT_ATTEMPTED"},
        "Has turned the cell with an answer into text by mistake: it is no code any more.",
    ),
    Expected(
        "nothing_at_all.ipynb",
        {"1.3": "NOT_ATTEMPTED"},
        "Is an empty notebook.",
    ),
)
