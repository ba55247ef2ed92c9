"""A build setting that holds one of a fixed list of words."""

SettingInfo = provider("The chosen word.", fields = ["value"])

def _string_setting_impl(ctx):
    if ctx.build_setting_value not in ctx.attr.values:
        fail("%s: '%s' is not one of %s" % (ctx.label, ctx.build_setting_value, ", ".join(ctx.attr.values)))
    return SettingInfo(value = ctx.build_setting_value)

string_setting = rule(
    implementation = _string_setting_impl,
    build_setting = config.string(flag = True),
    attrs = {"values": attr.string_list()},
)
