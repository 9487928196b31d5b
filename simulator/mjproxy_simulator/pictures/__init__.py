"""The drawing of pictures from the record of a job."""
