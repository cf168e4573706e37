"""Collection: questionnaire, classifications, intake of files, the store, the synthetic survey."""
