"""tunescope shows what fine-tuning did to a pre-trained transformer."""
