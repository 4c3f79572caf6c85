"""Loss landscapes: the loss along directions in weight space, paths of training, sharpness."""
