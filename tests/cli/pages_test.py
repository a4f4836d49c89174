"""Lists that a registry gives in pages, of which none is left out."""

import unittest
import urllib.parse

from tests.cli.fake import Registry
from tests.cli.weigh import Case

PAGES = 3


class Pages(Case):
    def setUp(self):
        super().setUp()
        self.registry = Registry({})
        self.addCleanup(self.registry.close)
        self.environment.update(WEIGH_REGISTRY=self.registry.url,
                                HF_TOKEN="hf_x")
        self.last = PAGES
        self.registry.hook = self.answer

    def answer(self, handler):
        """Page n links to n + 1; past the last one to itself."""
        at = urllib.parse.urlsplit(handler.path)
        if at.path not in ("/api/reviews", "/api/settings/gated-repos"):
            return False
        query = urllib.parse.parse_qs(at.query)
        n = int(query.get("cursor", ["1"])[0])
        following = min(n + 1, self.last)
        link = '<%s%s?cursor=%d>; rel="next"' % (
            self.registry.url, at.path, following)
        more = n < PAGES or self.last > PAGES
        self.registry.send_json(
            handler, [{"requestId": "%024x" % n, "status": "pending",
                       "repo": {"name": "acme/m%d" % n},
                       "user": {"user": "p%d" % n},
                       "timestamp": "2026-11-24T00:00:00.000Z",
                       "fields": {}}],
            headers=[("Link", link)] if more else [])
        return True

    def test_a_reviewer_sees_every_page_of_those_who_wait(self):
        shown = self.weigh("review")
        requests = self.json("review", "list")["requests"]
        self.assertEqual([one["user"]["user"] for one in requests],
                         ["p1", "p2", "p3"])
        for n in range(1, PAGES + 1):
            self.assertIn("acme/m%d" % n, shown)

    def test_a_person_sees_every_page_of_their_requests(self):
        shown = self.weigh("requests")
        self.assertEqual(len(self.json("requests")["requests"]), PAGES)
        self.assertIn("acme/m3", shown)

    def test_pages_that_lead_to_themselves_end(self):
        self.last = PAGES + 1
        self.assertEqual(len(self.json("review")["requests"]), PAGES + 1)

    def test_a_page_that_is_no_list_is_refused(self):
        self.registry.hook = lambda handler: self.registry.send_json(
            handler, {"requests": []}) or True
        self.weigh("review", status=1)
        self.assertIn("something else than a list", self.stderr)


if __name__ == "__main__":
    unittest.main()
