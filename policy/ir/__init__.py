"""What is computed: a small closed program (`program`), made from the model, and its meaning (`interpret`)."""
