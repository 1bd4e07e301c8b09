package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// File is a file under way: it gets its name when it is whole.
type File struct {
	*os.File
	path    string
	replace bool
}

// Create begins a file, with mode 0600, beside the place where it is to be. A file that is there already is refused, unless
// it is a backup and is to be replaced.
func Create(path string, replace bool) (*File, error) {
	_, err := os.Lstat(path)
	if err == nil && !replace {
		return nil, fmt.Errorf("%s is there already: give another name, or --force to replace it", path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		err = replaceable(path)
		if err != nil {
			return nil, err
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return nil, err
	}
	return &File{f, path, replace}, nil
}

// replaceable refuses what is no backup: a slip must not cost a database or a key.
func replaceable(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	begins := make([]byte, len(magic))
	if info.Mode().IsRegular() { // opening a pipe would wait
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, _ = io.ReadFull(f, begins) // what is shorter is no backup
	}
	if string(begins) != magic {
		return fmt.Errorf("%s is no backup of Proprio, and only backups are replaced: give another name", path)
	}
	return nil
}

// Discard removes what was not committed.
func (f *File) Discard() {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// Commit gives the file its name, once it is on the disk.
func (f *File) Commit() error {
	err := f.Sync()
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return err
	}
	if f.replace {
		err = os.Rename(f.Name(), f.path)
	} else {
		err = os.Link(f.Name(), f.path) // unlike a rename it does not replace what somebody else put there meanwhile
		if err == nil {
			err = os.Remove(f.Name())
		}
	}
	if err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(f.path))
}

// SyncFolder makes the names of a folder's files last through a power cut. Windows does that by itself.
func SyncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
