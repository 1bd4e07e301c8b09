package resources

import "errors"

// PathPost is the path of a User's post: a generic company address, such as assistante@…, that one identified person
// holds at a time (design.md, "Words"). Only a User in force holds one: who is inactive or on hold has given it up.
const PathPost = SchemaOwnership + ":post"

// HoldPostTaken is why a User is on hold who could come into force again, if another one did not hold the post by now.
// Nobody asked for that User's post in this moment, so a refusal would hit a change that is about something else.
const HoldPostTaken = "another User holds the post"

// PostTaken is the store's error for a post that another User in force holds. It does not tell who.
func PostTaken() error {
	return Errorf(ErrUniqueness, PathPost,
		"The post is held by another User; one person holds it at a time. Take it from that User first, or deactivate them.")
}

// IsPostTaken says whether an error is that of [PostTaken].
func IsPostTaken(err error) bool {
	var e *Error
	return errors.As(err, &e) && errors.Is(e.Kind, ErrUniqueness) && e.Path == PathPost
}
