"""What was written: the tree (`tree`), made from text (`from_text`) and put back into shape (`to_text`)."""
