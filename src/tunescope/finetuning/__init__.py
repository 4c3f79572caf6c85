"""Fine-tuning on Hugging Face's Trainer: settings by name, snapshots, resuming."""
