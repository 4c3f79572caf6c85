"""tunescope shows what fine-tuning did to a pre-trained transformer.

The public names are loaded when they are first used; ``import tunescope`` alone loads neither torch nor
transformers. See ``__init__.pyi`` for where each is defined.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
