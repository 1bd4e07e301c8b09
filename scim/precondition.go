package scim

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"proprio/resources"
)

// etag is a version as a weak entity tag: equal versions are equal resources, though a response may show less of them
// (RFC 7644 §3.14).
func etag(version int64) string { return `W/"` + strconv.FormatInt(version, 10) + `"` }

// entityTags splits the values of If-Match or If-None-Match. Our tags hold no comma, so a tag that does is not ours.
func entityTags(values []string) []string {
	var tags []string
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if tag := strings.TrimSpace(part); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// tagVersion is the version an entity tag stands for, or 0, which no resource has. W/ may be missing: clients that
// compare strongly send it that way.
func tagVersion(tag string) int64 {
	tag, _ = strings.CutPrefix(tag, "W/")
	if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return 0
	}
	version, err := strconv.ParseInt(tag[1:len(tag)-1], 10, 64)
	if err != nil || version < 1 || strconv.FormatInt(version, 10) != tag[1:len(tag)-1] {
		return 0
	}
	return version
}

// matches says whether a version is among the entity tags; * is any.
func matches(values []string, version int64) bool {
	for _, tag := range entityTags(values) {
		if tag == "*" || tagVersion(tag) == version {
			return true
		}
	}
	return false
}

// precondition is what If-Match and If-None-Match demand of a change of an existing resource (RFC 9110 §13.1, RFC 7644
// §3.14). The directory compares and swaps on the version, so two clients with the same tag cannot both win.
func (e *endpoint) precondition(ctx context.Context, c change) (resources.Precondition, error) {
	tags := entityTags(c.match)
	switch {
	case c.method == http.MethodPost,
		len(c.match) == 0 && len(c.noneMatch) == 0, len(tags) == 1 && tags[0] == "*" && len(c.noneMatch) == 0:
		return resources.Precondition{}, nil
	case len(tags) == 1 && len(c.noneMatch) == 0 && tagVersion(tags[0]) > 0:
		return resources.Precondition{Version: tagVersion(tags[0])}, nil
	}
	res, err := e.Store.Get(ctx, callerFrom(ctx), e.rt.Name, c.id, resources.With{})
	if err != nil {
		return resources.Precondition{}, e.about(c.id, err)
	}
	if len(c.match) > 0 && !matches(c.match, res.Version) || matches(c.noneMatch, res.Version) {
		return resources.Precondition{}, resources.Errorf(resources.ErrVersion, "",
			"The resource is in version %s, which the precondition of the request excludes.", etag(res.Version))
	}
	return resources.Precondition{Version: res.Version}, nil
}
