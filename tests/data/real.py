"""Where the real data lie that some tests use: beside the checkout, and not part of it."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "data"
POSTS = SHARED / "headlines" / "posts.csv.gz"
TWEETS = SHARED / "tweets" / "tweets.csv.gz"
CENSUS = SHARED / "census" / "census-income.csv.gz"
MULAN = SHARED / "mulan"

needs_posts = pytest.mark.skipif(not POSTS.is_file(), reason="the real posts are not here")
needs_tweets = pytest.mark.skipif(not TWEETS.is_file(), reason="the real tweets are not here")
needs_census = pytest.mark.skipif(not CENSUS.is_file(), reason="the census is not here")
needs_mulan = pytest.mark.skipif(not MULAN.is_dir(), reason="the Mulan tables are not here")
