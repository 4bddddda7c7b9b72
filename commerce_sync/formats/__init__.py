"""How locales write dates and times, where Django has it otherwise."""
