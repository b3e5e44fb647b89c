"""The rules of a model in plain words: English and Traditional Chinese, both made from the typed expressions."""
