"""The bootable image (not in this tree yet)."""

def toro_image(name, **kwargs):
    pass

def toro_iso(name, **kwargs):
    pass
