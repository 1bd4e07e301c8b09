"""Where a result goes: to the screen, to a folder, and to its place on a page."""
import json, os, re, sys, tempfile


def places(parser):
    """The options --out and --into."""
    parser.add_argument("--out", default="", help="folder for result.json and result.md; default a new temporary one")
    parser.add_argument("--into", default="", help="page that has a place for the result, as docs/performance.md")


def prepared(args, kind):
    """The arguments, with the folder made and the place found: not only once hours have been measured."""
    if args.into:
        put(args.into, args.database + " " + kind, None)
    args.out = args.out or tempfile.mkdtemp(prefix="proprio-%s-" % kind)
    os.makedirs(args.out, exist_ok=True)
    return args


def put(page, place, text):
    """Puts a text between the lines `<!-- place -->` and `<!-- end -->` of a page; None only looks for them."""
    with open(page) as f:
        old = f.read()
    pattern = re.compile(r"(<!-- %s -->\n).*?(<!-- end -->)" % re.escape(place), re.S)
    if not pattern.search(old):
        raise SystemExit("%s has no place for %r" % (page, place))
    if text is not None:
        with open(page, "w") as f:
            f.write(pattern.sub(lambda m: m[1] + text.strip() + "\n" + m[2], old))


def publish(args, kind, text, data):
    """Prints a result, writes it to the folder --out, and puts it in its place on the page --into."""
    with open(os.path.join(args.out, "result.json"), "w") as f:
        json.dump(data, f, indent=1)
    with open(os.path.join(args.out, "result.md"), "w") as f:
        f.write(text.strip() + "\n")
    if args.into:
        put(args.into, args.database + " " + kind, text)
    print(text.strip())
    print("written to", args.out, file=sys.stderr)
