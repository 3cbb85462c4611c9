"""Rules from written to spoken English, by kind; `assistant.speech.spoken` applies them in order."""
