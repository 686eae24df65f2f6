// Command openapi validates OpenAPI documents with a library that the
// generator does not use, so that other tools can read what it reads.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi/datamodel"
)

func main() {
	failed := len(os.Args) < 2
	for _, file := range os.Args[1:] {
		if err := validate(file); err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			continue
		}
		fmt.Println("valid:", file)
	}
	if failed {
		os.Exit(1)
	}
}

func validate(file string) error {
	src, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return err
	}
	doc, err := libopenapi.NewDocumentWithConfiguration(src, &datamodel.DocumentConfiguration{
		BasePath: dir, SpecFilePath: filepath.Join(dir, filepath.Base(file)), AllowFileReferences: true,
	})
	if err != nil {
		return err
	}
	if _, err := doc.BuildV3Model(); err != nil {
		return err
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	ok, found := v.ValidateDocument()
	if ok {
		return nil
	}
	errs = nil
	for _, f := range found {
		errs = append(errs, f)
		for _, e := range f.SchemaValidationErrors {
			errs = append(errs, fmt.Errorf("line %d: %s", e.Line, e.Reason))
		}
	}
	return errors.Join(errs...)
}
