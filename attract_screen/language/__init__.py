"""The languages of the screen's texts: catalogues from the disk, and the operator's own words."""
