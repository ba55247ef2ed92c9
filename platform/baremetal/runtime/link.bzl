"""How the C and C++ libraries of the distribution are linked into an image."""

# What applications call and toro_cc_library does not compile. The group is searched until nothing new is needed.
_LIBRARIES = ["-lstdc++", "-lgcc_eh", "-lgcc", "/usr/lib/x86_64-linux-musl/libc.a"]

def _linked_libraries_impl(ctx):
    archives = []
    for archive in ctx.attr.archives:
        for linker_input in archive[CcInfo].linking_context.linker_inputs.to_list():
            if linker_input.owner == archive.label:
                archives += [library.static_library or library.pic_static_library for library in linker_input.libraries]
    flags = ["-Wl,--wrap=" + symbol for symbol in ctx.attr.wrap]
    flags += ["-Wl,--start-group"] + [archive.path for archive in archives] + _LIBRARIES + ["-Wl,--end-group"]
    linker_input = cc_common.create_linker_input(
        owner = ctx.label,
        user_link_flags = depset(flags, order = "topological"),
        additional_inputs = depset(archives),
    )
    return [CcInfo(linking_context = cc_common.create_linking_context(linker_inputs = depset([linker_input])))]

linked_libraries = rule(
    doc = "The libraries, and among them `archives`, whose objects are linked only when something names them.",
    implementation = _linked_libraries_impl,
    attrs = {
        "archives": attr.label_list(mandatory = True, providers = [CcInfo]),
        "wrap": attr.string_list(doc = "Symbols whose users get __wrap_SYMBOL instead."),
    },
    provides = [CcInfo],
)
