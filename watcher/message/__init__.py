"""How an alert is shown: one card of what there is to say, and each form that a reader or a receiver gets."""
