"""The bookmark: the place at which a listing was left."""

from __future__ import annotations

from django.db import models


class Bookmark(models.Model):
    """A listing that is under way, or (without a ``place``) one that is through while others of its pull are not.

    ``act`` is the pull that began it, ``began_at`` when that was, ``since`` what it asks after, ``reached_at`` the
    latest change among its rows so far. ``place`` is a `connectors.place.Place` as it is kept, ``asks`` a digest of the
    declaration and of the settings that it hangs on, ``pages`` how many have been read. ``began_anew`` says that the
    platform did not take the bookmark of the listing before, so that this one is not begun a third time.
    """

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.CASCADE, related_name="bookmarks", db_index=False
    )
    dataset = models.CharField(max_length=40)
    act = models.UUIDField()
    began_at = models.DateTimeField()
    since = models.DateTimeField(null=True, blank=True)
    reached_at = models.DateTimeField(null=True, blank=True)
    asks = models.BinaryField(max_length=32)
    place = models.BinaryField(null=True, blank=True)
    pages = models.IntegerField()
    began_anew = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "dataset"], name="bookmark_once")]

    def __str__(self) -> str:
        return f"{self.dataset} after {self.pages} pages"
