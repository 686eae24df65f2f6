package main

func Example() {
	main()
	// Output:
	// v1 was trained with 2026-11-01
	// v1 was trained with 2026-11-02
	// its accuracy is 0.93
	// 1 run used a big data set
}
