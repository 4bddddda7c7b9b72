"""Lifelike sales of three merchants, made up the same way each time. Pure: values in, rows out."""
