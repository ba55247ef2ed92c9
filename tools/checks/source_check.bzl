"""A check that reads every file of the repository, and the test of the check."""

load("//build_defs:python.bzl", "python_test")

def source_check(name, srcs = [], self_test_args = [], self_test_data = [], size = "small", tags = []):
    """Makes the tests `name` (NAME.py, whose first argument is the runfile of //:LICENSE) and `name`_self_test.

    Args:
      name: the check; NAME.py and NAME_test.py lie in this package.
      srcs: modules of both, beside source_tree.py.
      self_test_args: arguments of NAME_test.py.
      self_test_data: files that they name.
      size: of the check.
      tags: of the check.
    """
    python_test(
        name = name,
        size = size,
        srcs = ["source_tree.py"] + srcs,
        args = ["$(location //:LICENSE)"],
        data = ["//:LICENSE"],
        main = name + ".py",
        # "external": what it reads is not among its inputs, so a cached result would be worth nothing.
        tags = tags + [
            "external",
            "local",
        ],
    )
    python_test(
        name = name + "_self_test",
        size = "small",
        srcs = [
            name + ".py",
            "source_tree.py",
        ] + srcs,
        args = self_test_args,
        data = self_test_data,
        main = name + "_test.py",
    )
